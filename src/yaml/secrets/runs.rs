//! Decodes runs of hexadecimal and base64 digits, wherever in a run they begin to have a meaning.

use std::ops::Range;

use super::view::View;

/// A run can begin at each half of a byte.
pub(super) const HEX_STARTS: usize = 2;
/// A run can begin at each quarter of three bytes.
pub(super) const BASE64_STARTS: usize = 4;
/// Stands around what a run means as a whole. Neither it nor [`PIECE`] is a byte of UTF-8.
pub(super) const WHOLE: u8 = 0xff;
/// Stands around what a run means in part.
const PIECE: u8 = 0xfe;
/// No byte of a text, which has none of them: UTF-16 has one beside each ASCII character.
const FILLER: u8 = 0;

/// `63346e` from this digit of each run on, where a run means `shortest` bytes and more; nothing if there is none.
pub(super) fn hex(view: &View<'_>, start: usize, shortest: usize) -> Option<View<'static>> {
    let bytes = view.bytes();
    let mut found = Runs::new(view);
    let mut at = 0;
    while at < bytes.len() {
        let end = end_of(bytes, at, |byte| byte.is_ascii_hexdigit());
        let begin = at + start;
        if end >= begin + 2 * shortest {
            let is_whole = start == 0 && (end - begin).is_multiple_of(2);
            found.bracket(is_whole);
            for pair in (begin..end - 1).step_by(2) {
                found.push(
                    16 * hex_digit(bytes[pair]) + hex_digit(bytes[pair + 1]),
                    pair..pair + 2,
                );
            }
            found.bracket(is_whole);
        }
        at = end.max(at + 1);
    }
    found.finish()
}

/// `63 34 6e`, `63:34:6E`, `0x63, 0x34`: pairs of digits with signs between.
pub(super) fn spaced_hex(view: &View<'_>, shortest: usize) -> Option<View<'static>> {
    let bytes = view.bytes();
    let mut found = Runs::new(view);
    let mut at = 0;
    while at < bytes.len() {
        let is_begin = at == 0 || !bytes[at - 1].is_ascii_alphanumeric();
        let group = if is_begin {
            spaced_pairs(bytes, at)
        } else {
            Vec::new()
        };
        at = group.last().map_or(at + 1, |(_, place)| place.end);
        if group.len() >= shortest {
            found.bracket(true);
            for (byte, place) in group {
                found.push(byte, place);
            }
            found.bracket(true);
        }
    }
    found.finish()
}

/// Base64 of either alphabet, also broken into lines, from this digit of each run on.
pub(super) fn base64(view: &View<'_>, start: usize, shortest: usize) -> Option<View<'static>> {
    let bytes = view.bytes();
    let fewest = (8 * shortest).div_ceil(6);
    let mut found = Runs::new(view);
    let mut digits = Vec::new();
    let mut at = 0;
    while at < bytes.len() {
        at = base64_run(bytes, at, &mut digits);
        if digits.len() >= fewest + start {
            let pad = end_of(&bytes[..bytes.len().min(at + 2)], at, |byte| byte == b'=');
            let digits = &digits[start..];
            let is_whole = start == 0 && digits.len() % 4 != 1;
            found.bracket(is_whole);
            found.push_base64(digits, pad);
            found.bracket(is_whole);
            at = pad;
        }
        at += usize::from(digits.is_empty());
    }
    found.finish()
}

/// Reads the digits of a run with their places, and gives its end.
fn base64_run(bytes: &[u8], start: usize, digits: &mut Vec<(u8, usize)>) -> usize {
    digits.clear();
    let mut at = start;
    loop {
        while let Some(digit) = bytes.get(at).and_then(|byte| base64_digit(*byte)) {
            digits.push((digit, at));
            at += 1;
        }
        let next = end_of(&bytes[..bytes.len().min(at + 2)], at, |byte| {
            matches!(byte, b'\r' | b'\n')
        });
        let goes_on = next > at
            && bytes
                .get(next)
                .is_some_and(|byte| base64_digit(*byte).is_some());
        if digits.is_empty() || !goes_on {
            return at;
        }
        at = next;
    }
}

/// What the runs of a view mean.
struct Runs<'v> {
    of: &'v View<'v>,
    meaning: View<'static>,
}

impl<'v> Runs<'v> {
    fn new(of: &'v View<'v>) -> Self {
        let meaning = of.next(true);
        Self { of, meaning }
    }

    fn bracket(&mut self, is_whole: bool) {
        let byte = if is_whole { WHOLE } else { PIECE };
        self.meaning.push(byte, self.of, 0..0);
    }

    fn push(&mut self, byte: u8, place: Range<usize>) {
        if byte != FILLER {
            self.meaning.push(byte, self.of, place);
        }
    }

    /// The last byte reaches over the padding up to `pad`, if it is the run's last.
    fn push_base64(&mut self, digits: &[(u8, usize)], pad: usize) {
        let (mut bits, mut known, mut first) = (0_u32, 0, 0);
        for (index, (digit, at)) in digits.iter().enumerate() {
            bits = bits << 6 | u32::from(*digit);
            known += 6;
            if known >= 8 {
                known -= 8;
                self.push((bits >> known) as u8, digits[first].1..at + 1);
                first = index + usize::from(known == 0);
            }
        }
        let rest = digits.last().map_or(pad, |(_, at)| at + 1);
        if pad > rest {
            self.meaning.stretch(self.of, rest..pad);
        }
    }

    fn finish(self) -> Option<View<'static>> {
        (!self.meaning.bytes().is_empty()).then_some(self.meaning)
    }
}

/// Pairs of digits from here on, each with its place.
fn spaced_pairs(bytes: &[u8], start: usize) -> Vec<(u8, Range<usize>)> {
    let mut pairs = Vec::new();
    let mut next = spaced_pair(bytes, start);
    while let Some((byte, place)) = next {
        let end = place.end;
        pairs.push((byte, place));
        let gap = end_of(&bytes[..bytes.len().min(end + 3)], end, is_gap);
        next = spaced_pair(bytes, gap).filter(|(_, place)| gap > end || place.len() > 2);
    }
    pairs
}

/// Two digits, with or without `0x` or `x` before them, and no other digit or letter behind them.
fn spaced_pair(bytes: &[u8], at: usize) -> Option<(u8, Range<usize>)> {
    let rest = bytes.get(at..)?;
    let before = match rest {
        [b'0', b'x' | b'X', ..] => 2,
        [b'x' | b'X', ..] => 1,
        _ => 0,
    };
    let digits = rest.get(before..before + 2)?;
    let is_alone = match &rest[before + 2..] {
        [b'0', b'x' | b'X', ..] => true,
        [behind, ..] => !behind.is_ascii_alphanumeric(),
        [] => true,
    };
    let is_pair = is_alone && digits.iter().all(u8::is_ascii_hexdigit);
    let byte = || 16 * hex_digit(digits[0]) + hex_digit(digits[1]);
    is_pair.then(|| (byte(), at..at + before + 2))
}

fn is_gap(byte: u8) -> bool {
    matches!(
        byte,
        b' ' | b'+' | b':' | b'-' | b',' | b';' | b'_' | b'|' | b'.' | b'/' | b'\t' | b'\r' | b'\n'
    )
}

fn end_of(bytes: &[u8], start: usize, is_one: impl Fn(u8) -> bool) -> usize {
    let length = bytes[start..]
        .iter()
        .take_while(|byte| is_one(**byte))
        .count();
    start + length
}

/// The value of a digit that is one.
fn hex_digit(digit: u8) -> u8 {
    match digit {
        b'0'..=b'9' => digit - b'0',
        _ => (digit | 0x20) - b'a' + 10,
    }
}

fn base64_digit(byte: u8) -> Option<u8> {
    let digit = BASE64_DIGITS[usize::from(byte)];
    (digit != NO_DIGIT).then_some(digit)
}

const NO_DIGIT: u8 = 0xff;
/// The values of both alphabets.
const BASE64_DIGITS: [u8; 256] = {
    let mut digits = [NO_DIGIT; 256];
    let alphabet = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut value = 0;
    while value < alphabet.len() {
        digits[alphabet[value] as usize] = value as u8;
        value += 1;
    }
    digits[b'-' as usize] = digits[b'+' as usize];
    digits[b'_' as usize] = digits[b'/' as usize];
    digits
};
