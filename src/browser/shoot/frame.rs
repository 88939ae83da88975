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
        let picture = self.engine.picture(PICTURE_LIMIT, area).await;
        picture.map(Arc::from)
    }

    /// A picture of the current viewport, for the report of a failed step; `None` if even that fails.
    pub(crate) async fn snapshot(&self) -> Option<Vec<u8>> {
        let view = PhotographedArea::VIEWPORT;
        self.engine.picture(SNAPSHOT_LIMIT, &view).await.ok()
    }

    async fn photographed_area(
        &self,
        area: &Area,
        measures: &Measures,
    ) -> Result<PhotographedArea, ShootError> {
        Ok(match area {
            Area::Viewport => PhotographedArea::VIEWPORT,
            Area::Page { .. } => self.whole_page(measures),
            Area::Element(target) => {
                let area = self.element_box(target, measures).await?;
                PhotographedArea::of(area, (measures.page_x, measures.page_y))
            }
        })
    }

    fn whole_page(&self, measures: &Measures) -> PhotographedArea {
        let limit = self.options.max_page_height;
        let height = measures.page_height.min(f64::from(limit));
        if measures.is_all_in_view() {
            return PhotographedArea::VIEWPORT;
        }
        let area = CssBox {
            x: measures.page_x,
            y: measures.page_y,
            width: measures.page_width,
            height,
        };
        let mut clip = PhotographedArea::of(area, (measures.page_x, measures.page_y));
        if height < measures.page_height {
            clip.cut_from = Some(measures.page_height);
        }
        clip
    }

    /// Waits for the area, which a step may have opened only a moment ago.
    pub(super) async fn wait_for_area(
        &self,
        target: &Target,
        measures: &Measures,
    ) -> Result<(), ShootError> {
        let deadline = Instant::now() + self.options.timeout;
        loop {
            match self.element_box(target, measures).await {
                Err(ShootError::Impossible(_)) if Instant::now() < deadline => {
                    tokio::time::sleep(POLL).await;
                }
                other => return other.map(drop),
            }
        }
    }

    /// Waits for the element that holds the page or is the area, which a step may have opened only a moment ago.
    pub(super) async fn wait_for_box(&self, target: &Target) -> Result<(), ShootError> {
        let deadline = Instant::now() + self.options.timeout;
        while self.first_box(target).await?.is_none() {
            if Instant::now() >= deadline {
                return Err(nothing_visible(target));
            }
            tokio::time::sleep(POLL).await;
        }
        Ok(())
    }

    async fn first_box(&self, target: &Target) -> Result<Option<CssBox>, BrowserError> {
        let found = self
            .page_boxes("areas", std::slice::from_ref(target))
            .await?;
        Ok(found
            .first()
            .and_then(|boxes| boxes.first())
            .map(|found| found.area))
    }

    /// The element's border box as far as the page reaches, grown to whole CSS pixels.
    async fn element_box(
        &self,
        target: &Target,
        measures: &Measures,
    ) -> Result<CssBox, ShootError> {
        let found = self.first_box(target).await?;
        let found = found.ok_or_else(|| nothing_visible(target))?;
        let (left, top) = (
            found.x.floor().max(measures.page_x),
            found.y.floor().max(measures.page_y),
        );
        let page_right = measures.page_x + measures.page_width;
        let page_bottom = measures.page_y + measures.page_height;
        let (right, bottom) = (
            (found.x + found.width).ceil().min(page_right),
            (found.y + found.height).ceil().min(page_bottom),
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

    async fn page_boxes(
        &self,
        function: &str,
        targets: &[Target],
    ) -> Result<Vec<Vec<VisibleBox>>, BrowserError> {
        let argument: Value = targets.iter().map(alternatives).collect();
        let answer = self.in_page(COMMAND_LIMIT, function, &argument).await?;
        let read = |value: &Value| {
            let number = |key: &str| value[key].as_f64().unwrap_or_default();
            VisibleBox {
                area: CssBox {
                    x: number("x"),
                    y: number("y"),
                    width: number("width"),
                    height: number("height"),
                },
                is_in_layer: value["inLayer"] == true,
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
        let (origin, scale) = match photographed.page {
            Some(area) => ((area.x, area.y), scale),
            None => {
                let (origin, zoom) = self.shown_part().await?;
                (origin, scale * zoom)
            }
        };
        let found = self.page_boxes("boxes", masks).await?;
        let to_picture = |found: &VisibleBox| device_box(found, origin, scale, size);
        Ok(found
            .iter()
            .map(|boxes| boxes.iter().filter_map(to_picture).collect())
            .collect())
    }

    /// Where the part of the page begins that the browser shows, and how much larger than usual it is.
    async fn shown_part(&self) -> Result<((f64, f64), f64), BrowserError> {
        let answer = self.in_page(COMMAND_LIMIT, "measure", &json!(null)).await?;
        let number = |key: &str| answer[key].as_f64().unwrap_or_default();
        Ok(((number("seenX"), number("seenY")), number("zoom")))
    }
}

fn nothing_visible(target: &Target) -> ShootError {
    ShootError::Impossible(format!(
        "the shot's area `{target}` matches nothing visible"
    ))
}

/// Browsers lay out in steps of 1/64 device pixel, and their boxes are off by less than that. A box that ends there ends
/// with the pixel.
const LAYOUT_STEP: f64 = 1.0 / 64.0;

/// Where Chromium draws the edge of a box when it emulates a pixel ratio: at a whole CSS pixel.
fn nearest(place: f64) -> f64 {
    (place + 0.5).floor()
}

/// What can be seen of an element, or a part of that.
#[derive(Debug, Clone, Copy)]
struct VisibleBox {
    /// In CSS pixels of the page.
    area: CssBox,
    /// The browser may draw it in a layer of its own. An edge that falls within a device pixel may then be drawn up to one
    /// device pixel further out.
    is_in_layer: bool,
}

/// The box in whole device pixels of the picture, grown outwards; `None` if it lies outside of the picture.
fn device_box(found: &VisibleBox, origin: (f64, f64), scale: f64, size: Size) -> Option<Rect> {
    let area = &found.area;
    let clamp = |value: f64, limit: u32| value.clamp(0.0, f64::from(limit)) as u32;
    let beyond = |place: f64| {
        let place = place * scale;
        let is_within_pixel = (place - place.round()).abs() > LAYOUT_STEP;
        f64::from(u8::from(found.is_in_layer && is_within_pixel))
    };
    // A picture that begins within a device pixel may begin on either side of it.
    let start = |place: f64, origin: f64| {
        let begins = (origin * scale - LAYOUT_STEP).ceil();
        (place.min(nearest(place)) * scale - begins + LAYOUT_STEP).floor() - beyond(place)
    };
    let end = |place: f64, origin: f64| {
        let begins = (origin * scale + LAYOUT_STEP).floor();
        (place.max(nearest(place)) * scale - begins - LAYOUT_STEP).ceil() + beyond(place)
    };
    let left = clamp(start(area.x, origin.0), size.width);
    let top = clamp(start(area.y, origin.1), size.height);
    let right = clamp(end(area.x + area.width, origin.0), size.width);
    let bottom = clamp(end(area.y + area.height, origin.1), size.height);
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

    fn plain(area: CssBox) -> VisibleBox {
        VisibleBox {
            area,
            is_in_layer: false,
        }
    }

    #[test]
    fn a_mask_reaches_one_device_pixel_further_in_a_layer_where_its_edge_is_within_one() {
        let found = VisibleBox {
            is_in_layer: true,
            ..plain(CssBox {
                x: 10.3,
                y: 20.0,
                width: 5.7,
                height: 5.3,
            })
        };
        let expected = Rect {
            x: 9,
            y: 20,
            width: 7,
            height: 7,
        };
        assert_eq!(device_box(&found, (0.0, 0.0), 1.0, SIZE), Some(expected));
    }

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
            height: 11,
        };
        assert_eq!(
            device_box(&plain(area), (0.0, 0.0), 2.0, SIZE),
            Some(expected)
        );
    }

    #[test]
    fn a_mask_covers_a_box_that_is_drawn_at_whole_css_pixels() {
        let area = CssBox {
            x: 14.04,
            y: 10.4,
            width: 37.5,
            height: 9.2,
        };
        let size = Size {
            width: 400,
            height: 200,
        };
        // Drawn from 14 to 52 and from 10 to 20, times 2.625.
        let expected = Rect {
            x: 36,
            y: 26,
            width: 101,
            height: 27,
        };
        assert_eq!(
            device_box(&plain(area), (0.0, 0.0), 2.625, size),
            Some(expected)
        );
    }

    #[test]
    fn a_mask_ends_with_the_pixel_that_its_element_ends_with() {
        let area = CssBox {
            x: 10.000_01,
            y: 19.999_99,
            width: 5.0,
            height: 5.000_02,
        };
        let expected = Rect {
            x: 30,
            y: 60,
            width: 15,
            height: 15,
        };
        assert_eq!(
            device_box(&plain(area), (0.0, 0.0), 3.0, SIZE),
            Some(expected)
        );
    }

    #[test]
    fn a_mask_outside_of_the_picture_is_none() {
        let area = CssBox {
            x: 0.0,
            y: 500.0,
            width: 5.0,
            height: 5.0,
        };
        assert_eq!(device_box(&plain(area), (0.0, 0.0), 1.0, SIZE), None);
    }
}
