//! Takes frames: which area of the page is photographed, and where the masks are in it.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use serde_json::{Value, json};

use super::{ShootError, settle::Measures};
use crate::{
    browser::{
        error::BrowserError,
        picture::{CssBox, Frame, PhotographedArea},
        session::Session,
        target::{POLL, alternatives},
        wire::COMMAND_LIMIT,
    },
    diff::{self, Rect, Size},
    spec::{Area, Shot, Target},
};

/// The time limit for one picture. A very tall page takes several seconds, and a page that navigates at the wrong
/// moment never returns one.
const PICTURE_LIMIT: Duration = Duration::from_secs(45);
/// The time limit for the picture of a failed step. Some broken pages never return one.
const SNAPSHOT_LIMIT: Duration = Duration::from_secs(5);

impl Session {
    /// Takes one frame of the shot, for a page with these measures.
    pub(super) async fn frame(
        &self,
        measures: &Measures,
        shot: &Shot,
        scale: f64,
    ) -> Result<Frame, ShootError> {
        let area = self.photographed_area(&shot.area, measures).await?;
        let png = self.photograph(&area).await?;
        let size = diff::decode_header(&png)
            .map_err(|error| BrowserError::nonsense("screenshot", &error.to_string()))?;
        let masks = self.mask_boxes(&shot.masks, &area, scale, size).await?;
        Ok(Frame {
            png,
            size,
            area,
            masks,
        })
    }

    pub(super) async fn photograph(
        &self,
        area: &PhotographedArea,
    ) -> Result<Arc<[u8]>, BrowserError> {
        let picture = self.engine.picture(PICTURE_LIMIT, area.page).await;
        picture.map(Arc::from)
    }

    /// A picture of the current viewport, for the report of a failed step; `None` if even that fails.
    pub(crate) async fn snapshot(&self) -> Option<Vec<u8>> {
        self.engine.picture(SNAPSHOT_LIMIT, None).await.ok()
    }

    async fn photographed_area(
        &self,
        area: &Area,
        measures: &Measures,
    ) -> Result<PhotographedArea, ShootError> {
        Ok(match area {
            Area::Viewport => PhotographedArea::VIEWPORT,
            Area::Page => self.whole_page(measures),
            Area::Element(target) => PhotographedArea::of(self.element_box(target).await?),
        })
    }

    fn whole_page(&self, measures: &Measures) -> PhotographedArea {
        let limit = self.options.max_page_height;
        let height = measures.page_height.min(f64::from(limit));
        if measures.is_all_in_view() {
            return PhotographedArea::VIEWPORT;
        }
        let mut clip = PhotographedArea::of(CssBox {
            x: 0.0,
            y: 0.0,
            width: measures.page_width,
            height,
        });
        if height < measures.page_height {
            clip.cut_from = Some(measures.page_height);
        }
        clip
    }

    /// Waits for the area, which a step may have opened only a moment ago.
    pub(super) async fn wait_for_area(&self, target: &Target) -> Result<(), ShootError> {
        let deadline = Instant::now() + self.options.timeout;
        loop {
            match self.element_box(target).await {
                Err(ShootError::Impossible(_)) if Instant::now() < deadline => {
                    tokio::time::sleep(POLL).await;
                }
                other => return other.map(drop),
            }
        }
    }

    /// The element's border box, grown to whole CSS pixels.
    async fn element_box(&self, target: &Target) -> Result<CssBox, ShootError> {
        let found = self.page_boxes(std::slice::from_ref(target)).await?;
        let Some(&found) = found.first().and_then(|boxes| boxes.first()) else {
            return Err(ShootError::Impossible(format!(
                "the shot's area `{target}` matches nothing visible"
            )));
        };
        let (left, top) = (found.x.floor().max(0.0), found.y.floor().max(0.0));
        let (right, bottom) = (
            (found.x + found.width).ceil(),
            (found.y + found.height).ceil(),
        );
        if right <= left || bottom <= top {
            return Err(ShootError::Impossible(format!(
                "the shot's area `{target}` is outside of the page"
            )));
        }
        Ok(CssBox {
            x: left,
            y: top,
            width: right - left,
            height: bottom - top,
        })
    }

    async fn page_boxes(&self, targets: &[Target]) -> Result<Vec<Vec<CssBox>>, BrowserError> {
        let argument: Value = targets.iter().map(alternatives).collect();
        let answer = self.in_page(COMMAND_LIMIT, "boxes", &argument).await?;
        let read = |value: &Value| {
            let number = |key: &str| value[key].as_f64().unwrap_or_default();
            CssBox {
                x: number("x"),
                y: number("y"),
                width: number("width"),
                height: number("height"),
            }
        };
        let lists = answer.as_array().into_iter().flatten();
        Ok(lists
            .map(|list| list.as_array().into_iter().flatten().map(read).collect())
            .collect())
    }

    pub(super) async fn mask_boxes(
        &self,
        masks: &[Target],
        photographed: &PhotographedArea,
        scale: f64,
        size: Size,
    ) -> Result<Vec<Vec<Rect>>, BrowserError> {
        if masks.is_empty() {
            return Ok(Vec::new());
        }
        let origin = match photographed.page {
            Some(area) => (area.x, area.y),
            None => self.scroll_position().await?,
        };
        let found = self.page_boxes(masks).await?;
        let to_picture = |area: &CssBox| device_box(area, origin, scale, size);
        Ok(found
            .iter()
            .map(|boxes| boxes.iter().filter_map(to_picture).collect())
            .collect())
    }

    async fn scroll_position(&self) -> Result<(f64, f64), BrowserError> {
        let answer = self.in_page(COMMAND_LIMIT, "measure", &json!(null)).await?;
        Ok((
            answer["scrollX"].as_f64().unwrap_or_default(),
            answer["scrollY"].as_f64().unwrap_or_default(),
        ))
    }
}

/// The box in whole device pixels of the picture, grown outwards; `None` if it lies outside of the picture.
fn device_box(area: &CssBox, origin: (f64, f64), scale: f64, size: Size) -> Option<Rect> {
    let clamp = |value: f64, limit: u32| value.clamp(0.0, f64::from(limit)) as u32;
    let left = clamp(((area.x - origin.0) * scale).floor(), size.width);
    let top = clamp(((area.y - origin.1) * scale).floor(), size.height);
    let right = clamp(
        ((area.x - origin.0 + area.width) * scale).ceil(),
        size.width,
    );
    let bottom = clamp(
        ((area.y - origin.1 + area.height) * scale).ceil(),
        size.height,
    );
    (right > left && bottom > top).then(|| Rect {
        x: left,
        y: top,
        width: right - left,
        height: bottom - top,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const SIZE: Size = Size {
        width: 200,
        height: 100,
    };

    #[test]
    fn a_mask_grows_to_whole_device_pixels() {
        let area = CssBox {
            x: 10.25,
            y: 20.5,
            width: 5.0,
            height: 5.0,
        };
        let expected = Rect {
            x: 20,
            y: 41,
            width: 11,
            height: 10,
        };
        assert_eq!(device_box(&area, (0.0, 0.0), 2.0, SIZE), Some(expected));
    }

    #[test]
    fn a_mask_outside_of_the_picture_is_none() {
        let area = CssBox {
            x: 0.0,
            y: 500.0,
            width: 5.0,
            height: 5.0,
        };
        assert_eq!(device_box(&area, (0.0, 0.0), 1.0, SIZE), None);
    }
}
