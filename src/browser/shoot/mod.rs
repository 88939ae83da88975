//! Takes pictures of the page, the viewport or one element. A picture counts only when two frames in a row are equal.

mod agree;
mod frame;
mod held;
mod moving_parts;
mod pending_resources;
mod settle;
mod times;
mod warnings;

use std::{sync::Arc, time::Instant};

use serde_json::json;

use super::{
    document::{Document, PageInfo},
    error::BrowserError,
    picture::{Frame, Picture, PreviousFrame, Warning},
    session::{Allowance, Session},
    wire::COMMAND_LIMIT,
};
use crate::spec::{Area, Settle, Shot, Viewport};

use settle::{GoesOn, ReleasedPage};
use warnings::WideBy;

pub(crate) use agree::FrameExchange;
pub(crate) use times::ShotTimes;

/// How many documents in a row are photographed while the page moves on by itself.
const MOST_DOCUMENTS: u32 = 4;

/// Why there is no picture.
#[derive(Debug)]
pub(crate) enum ShootError {
    /// The page never held still. The last frames are kept.
    Unstable {
        /// The reason, in words.
        reason: String,
        /// PNGs.
        frames: Vec<Arc<[u8]>>,
    },
    /// The page in front is not one that the flow meant to open.
    Navigation(String),
    /// The area does not exist, or the viewport is not the requested one.
    Impossible(String),
    /// The browser or its driver failed.
    Browser(BrowserError),
}

impl From<BrowserError> for ShootError {
    fn from(error: BrowserError) -> Self {
        Self::Browser(error)
    }
}

impl ShootError {
    /// Whether the reason may be that the document went away.
    fn may_be_from_departure(&self) -> bool {
        match self {
            Self::Unstable { .. } => true,
            Self::Browser(error) => !error.is_fatal() && !error.is_dialog(),
            Self::Navigation(_) | Self::Impossible(_) => false,
        }
    }
}

impl Session {
    /// Takes the shot's picture once the page holds still, at the shot's own viewport if it has one. One frame is
    /// enough if the other side, which takes its frame at the same time, drew the same.
    pub(crate) async fn shoot(
        &mut self,
        shot: &Shot,
        exchange: Option<FrameExchange>,
        times: &mut ShotTimes,
    ) -> Result<Picture, ShootError> {
        match self.shoot_in_viewport(shot, exchange, times).await {
            Err(error) => {
                let dialog = self.open_dialog().await;
                Err(match dialog {
                    Some(dialog) => ShootError::Browser(dialog),
                    None => self.explained_shot(error).await,
                })
            }
            picture => picture,
        }
    }

    /// The error with its real reason: a page that reloads itself is never still, and commands fail in it.
    async fn explained_shot(&self, error: ShootError) -> ShootError {
        let is_about_the_page = match &error {
            ShootError::Unstable { .. } | ShootError::Navigation(_) => true,
            // The driver waits for such a page, and may do so for ever.
            ShootError::Browser(error) => matches!(
                error,
                BrowserError::Refused { .. } | BrowserError::Deadline { .. }
            ),
            ShootError::Impossible(_) => false,
        };
        match is_about_the_page && self.has_moved_on().await {
            true => {
                let trouble = self.reload_trouble().await;
                trouble.map_or(error, ShootError::Navigation)
            }
            false => error,
        }
    }

    /// Whether another document is in front than the one that was checked, or none that can be read.
    async fn has_moved_on(&self) -> bool {
        let document = self.document().await;
        document.map_or(true, |document| !self.flow.is_checked(&document))
    }

    async fn shoot_in_viewport(
        &mut self,
        shot: &Shot,
        exchange: Option<FrameExchange>,
        times: &mut ShotTimes,
    ) -> Result<Picture, ShootError> {
        let screen = self.life.screen().clone();
        let Some(own) = shot.viewport else {
            return self
                .shoot_arrived(screen.viewport, shot, exchange, times)
                .await;
        };
        let is_mobile = screen.device.mobile;
        self.flow.set_previous_frame(None);
        self.engine.set_viewport(own, is_mobile).await?;
        let picture = self.shoot_arrived(own, shot, exchange, times).await;
        self.flow.set_previous_frame(None);
        self.engine.set_viewport(screen.viewport, is_mobile).await?;
        picture
    }

    /// Begins again when another document came to the front meanwhile, as after a login that asks the server first. A
    /// page that goes on and on is given up.
    async fn shoot_arrived(
        &mut self,
        viewport: Viewport,
        shot: &Shot,
        mut exchange: Option<FrameExchange>,
        times: &mut ShotTimes,
    ) -> Result<Picture, ShootError> {
        for _ in 1..MOST_DOCUMENTS {
            let failed = match self.shoot_at(viewport, shot, exchange.take(), times).await {
                Err(error) if error.may_be_from_departure() => error,
                picture => return picture,
            };
            match self.document().await {
                Ok(now) if !self.flow.is_checked(&now) => {}
                _ => return Err(failed),
            }
            // The driver may wait for such a page for ever.
            if self.flow.reloaded_page().is_some()
                && let Some(trouble) = self.reload_trouble().await
            {
                return Err(ShootError::Navigation(trouble));
            }
            let checked = self.check_document(&Allowance::default()).await?;
            checked.map_err(ShootError::Navigation)?;
            times.begin_again();
        }
        self.shoot_at(viewport, shot, None, times).await
    }

    async fn shoot_at(
        &mut self,
        viewport: Viewport,
        shot: &Shot,
        exchange: Option<FrameExchange>,
        times: &mut ShotTimes,
    ) -> Result<Picture, ShootError> {
        let exchange = exchange.filter(|_| self.sees_changes(shot));
        let (frame, released) = self.held_frame(viewport, shot, exchange, times).await;
        let (frame, released) = (frame?, released?);
        let missing = self.missing(&released, times);
        let page = self.same_document(&released.document, &frame.png)?;
        let previous = times.held_at.is_none().then(|| PreviousFrame {
            at: Instant::now(),
            load: self.flow.checked_load().to_owned(),
            area: shot.area.clone(),
            masks: shot.masks.clone(),
            frame: frame.clone(),
        });
        self.flow.set_previous_frame(previous);
        let mut warnings = self.warnings(shot, &frame, times);
        if let Some(width) = times.too_wide {
            let by = self.in_page(COMMAND_LIMIT, "tooWideBy", &json!(null));
            let by = WideBy::read(&by.await?);
            warnings.push(warnings::too_wide_warning(width, viewport, &by));
        }
        if self.engine.traits().leaves_frames_out_of_view {
            warnings.extend(warnings::unpainted_frames_warning(&released.out_of_view));
        }
        warnings.extend(missing);
        warnings.extend(self.leaving(&released));
        self.flow.add_overdue(std::mem::take(&mut times.overdue));
        Ok(Picture {
            png: frame.png,
            size: frame.size,
            page,
            cut_from: frame.area.cut_height(),
            masks: frame.masks,
            warnings,
        })
    }

    fn warnings(&self, shot: &Shot, frame: &Frame, times: &ShotTimes) -> Vec<Warning> {
        let limit = self.options.max_page_height;
        let cut = frame.area.cut_height();
        let cut = cut.map(|height| warnings::cut_warning(height, limit));
        let held = times.held_at.map(warnings::held_warning);
        let all = cut
            .into_iter()
            .chain(held)
            .chain(warnings::moving_parts_warning(&times.moving_parts))
            .chain(warnings::endless_page_warning(times.reached_end))
            .chain(times.only_in_view.as_deref().map(warnings::part_warning))
            .chain(warnings::small_scroller_warning(&times.only_partly));
        all.chain(warnings::idle_mask_warnings(shot, &frame.masks))
            .collect()
    }

    /// Warns of what the picture lacks. URLs are relative, so that both sides say the same.
    fn missing(&self, released: &ReleasedPage, times: &ShotTimes) -> Vec<Warning> {
        let mut overdue: Vec<String> = Vec::new();
        for url in times.overdue.iter().chain(&released.late) {
            let url = self.relative_url(url);
            if !overdue.contains(&url) {
                overdue.push(url);
            }
        }
        let failed = released.failed.iter().map(|url| self.relative_url(url));
        let failed: Vec<String> = failed.filter(|url| !overdue.contains(url)).collect();
        let overdue = warnings::overdue_warning(&overdue);
        overdue
            .into_iter()
            .chain(warnings::failed_warning(&failed))
            .collect()
    }

    /// Warns that the flow was about to leave the page by itself. The picture may be of a page that nobody stays on.
    fn leaving(&self, released: &ReleasedPage) -> Option<Warning> {
        if let Some(GoesOn { url, seconds }) = &released.goes_on {
            return Some(warnings::goes_on_warning(&self.relative_url(url), *seconds));
        }
        let is_leaving = self.flow.departures(&released.document).page > 0;
        is_leaving.then(warnings::leaving_warning)
    }

    /// The page in front, if it is still the document that was checked.
    fn same_document(&self, document: &Document, png: &Arc<[u8]>) -> Result<PageInfo, ShootError> {
        if self.flow.is_checked(document) {
            return Ok(document.info.clone());
        }
        Err(ShootError::Unstable {
            reason: format!(
                "the page navigated to {} while the picture was taken; wait for that before the shot",
                document.info.url
            ),
            frames: vec![Arc::clone(png)],
        })
    }

    /// Whether every kind of change is watched that could make a new frame differ from the previous one.
    fn sees_changes(&self, shot: &Shot) -> bool {
        self.settle_parts(shot).are_all_on() && self.engine.traits().draws_for_pictures
    }

    /// The parts of settling that the shot asks for.
    fn settle_parts(&self, shot: &Shot) -> Settle {
        shot.settle.or(self.options.settle)
    }
}

impl Area {
    fn is_beyond_viewport(&self) -> bool {
        !matches!(self, Self::Viewport)
    }
}
