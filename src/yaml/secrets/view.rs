//! A text, or what a part of it decodes to.

use std::{borrow::Cow, ops::Range};

/// A place in the text, as few bytes as possible: there is one for each decoded byte of a long text.
type Place = (u32, u32);

/// Bytes that each know their place in the text that people would see, if places are wanted.
pub(super) struct View<'t> {
    bytes: Cow<'t, [u8]>,
    places: Places,
    is_of_runs: bool,
}

enum Places {
    /// Only whether something is found matters, which costs a third.
    Unwanted,
    /// The bytes are the text itself.
    Same,
    Of(Vec<Place>),
}

impl<'t> View<'t> {
    /// The text as it is.
    pub(super) fn of(text: &'t str, are_places_wanted: bool) -> Self {
        Self {
            bytes: Cow::Borrowed(text.as_bytes()),
            places: match are_places_wanted {
                true => Places::Same,
                false => Places::Unwanted,
            },
            is_of_runs: false,
        }
    }

    /// A view that will hold what this one decodes to. `is_of_runs`: what runs of digits mean, not text.
    pub(super) fn next(&self, is_of_runs: bool) -> View<'static> {
        View {
            bytes: Cow::Owned(Vec::new()),
            places: match &self.places {
                Places::Unwanted => Places::Unwanted,
                Places::Same | Places::Of(_) => Places::Of(Vec::new()),
            },
            is_of_runs: is_of_runs || self.is_of_runs,
        }
    }

    pub(super) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Whether a chance hit is possible, because digits of any meaning were decoded.
    pub(super) fn is_of_runs(&self) -> bool {
        self.is_of_runs
    }

    /// Where these bytes stand in the text.
    pub(super) fn place(&self, range: Range<usize>) -> Range<usize> {
        match &self.places {
            Places::Unwanted | Places::Same => range,
            Places::Of(_) if range.is_empty() => 0..0,
            Places::Of(places) => places[range.start].0 as usize..places[range.end - 1].1 as usize,
        }
    }
}

impl View<'static> {
    /// Adds a byte that these bytes of the view before it mean.
    pub(super) fn push(&mut self, byte: u8, before: &View<'_>, range: Range<usize>) {
        self.bytes.to_mut().push(byte);
        if let Places::Of(places) = &mut self.places {
            let place = before.place(range);
            places.push((short(place.start), short(place.end)));
        }
    }

    /// Adds bytes of the view before it as they are.
    pub(super) fn copy(&mut self, before: &View<'_>, range: Range<usize>) {
        let bytes = &before.bytes[range.clone()];
        self.bytes.to_mut().extend_from_slice(bytes);
        if let Places::Of(places) = &mut self.places {
            let each = range.map(|at| before.place(at..at + 1));
            places.extend(each.map(|place| (short(place.start), short(place.end))));
        }
    }

    /// Lets the last byte reach to the end of these bytes of the view before it.
    pub(super) fn stretch(&mut self, before: &View<'_>, range: Range<usize>) {
        if let Places::Of(places) = &mut self.places
            && let Some((_, end)) = places.last_mut()
        {
            *end = short(before.place(range).end);
        }
    }
}

fn short(place: usize) -> u32 {
    u32::try_from(place).unwrap_or(u32::MAX)
}
