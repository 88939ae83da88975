//! Decodes what URLs, scripts, JSON and HTML write for a character.

use super::view::View;

/// The names of U+00A0 to U+00FF in HTML.
const LATIN_1: &str = "nbsp iexcl cent pound curren yen brvbar sect uml copy ordf laquo not shy reg macr deg plusmn sup2 \
    sup3 acute micro para middot cedil sup1 ordm raquo frac14 frac12 frac34 iquest Agrave Aacute Acirc Atilde Auml Aring \
    AElig Ccedil Egrave Eacute Ecirc Euml Igrave Iacute Icirc Iuml ETH Ntilde Ograve Oacute Ocirc Otilde Ouml times Oslash \
    Ugrave Uacute Ucirc Uuml Yacute THORN szlig agrave aacute acirc atilde auml aring aelig ccedil egrave eacute ecirc euml \
    igrave iacute icirc iuml eth ntilde ograve oacute ocirc otilde ouml divide oslash ugrave uacute ucirc uuml yacute thorn \
    yuml";

/// The names of signs in HTML.
const SIGNS: [(&str, char); 37] = [
    ("amp", '&'),
    ("lt", '<'),
    ("gt", '>'),
    ("quot", '"'),
    ("apos", '\''),
    ("excl", '!'),
    ("num", '#'),
    ("dollar", '$'),
    ("percnt", '%'),
    ("lpar", '('),
    ("rpar", ')'),
    ("ast", '*'),
    ("plus", '+'),
    ("comma", ','),
    ("period", '.'),
    ("sol", '/'),
    ("colon", ':'),
    ("semi", ';'),
    ("equals", '='),
    ("quest", '?'),
    ("commat", '@'),
    ("lsqb", '['),
    ("lbrack", '['),
    ("bsol", '\\'),
    ("rsqb", ']'),
    ("rbrack", ']'),
    ("Hat", '^'),
    ("lowbar", '_'),
    ("grave", '`'),
    ("lcub", '{'),
    ("lbrace", '{'),
    ("verbar", '|'),
    ("vert", '|'),
    ("rcub", '}'),
    ("rbrace", '}'),
    ("Tab", '\t'),
    ("NewLine", '\n'),
];

/// What an escape means. Whether a byte is one of UTF-8 or of Latin-1 is left to the search.
#[derive(Debug, PartialEq, Eq)]
enum Meaning {
    Byte(u8),
    Character(char),
}

/// What escapes begin with.
pub(super) const ALL: &[u8] = b"%\\&";
/// The same, each by itself.
pub(super) const EACH: [&[u8]; 3] = [b"%", b"\\", b"&"];

/// The view with every escape that begins with one of these replaced by what it means, once; nothing if there is none.
pub(super) fn decoded(view: &View<'_>, beginnings: &[u8]) -> Option<View<'static>> {
    let bytes = view.bytes();
    let is_escape = |at: &usize| beginnings.contains(&bytes[*at]);
    let mut escapes = (0..bytes.len()).filter(is_escape);
    let mut escape_after = |end: usize| {
        escapes.by_ref().find_map(|at| {
            let (meaning, length) = escape(&bytes[at..]).filter(|_| at >= end)?;
            Some((at..at + length, meaning))
        })
    };
    let mut next = Some(escape_after(0)?);
    let mut decoded = view.next(false);
    let mut end = 0;
    while let Some((place, meaning)) = next {
        decoded.copy(view, end..place.start);
        end = place.end;
        match meaning {
            Meaning::Byte(byte) => decoded.push(byte, view, place),
            Meaning::Character(character) => {
                for byte in character.encode_utf8(&mut [0; 4]).bytes() {
                    decoded.push(byte, view, place.clone());
                }
            }
        }
        next = escape_after(end);
    }
    decoded.copy(view, end..bytes.len());
    Some(decoded)
}

/// Whether a value may be part of an escape together with what stands beside it.
pub(super) fn is_mistakable(value: &str) -> bool {
    value.bytes().any(|byte| ALL.contains(&byte))
}

/// The bytes of a value, decoded once.
pub(super) fn decoded_value(value: &str) -> Vec<u8> {
    let view = View::of(value, false);
    match decoded(&view, ALL) {
        Some(decoded) => decoded.bytes().to_vec(),
        None => value.as_bytes().to_vec(),
    }
}

/// The escape at the beginning of these bytes, and its length.
fn escape(rest: &[u8]) -> Option<(Meaning, usize)> {
    match rest.first()? {
        b'%' => percent(rest),
        b'\\' => backslash(rest),
        b'&' => entity(rest),
        _ => None,
    }
}

/// `%41`, and `%u0041` of old scripts.
fn percent(rest: &[u8]) -> Option<(Meaning, usize)> {
    if rest.get(1)?.eq_ignore_ascii_case(&b'u') {
        return utf_16(&rest[2..], &[b"%u", b"%U"], 2);
    }
    Some((byte(rest.get(1..3)?)?, 3))
}

fn backslash(rest: &[u8]) -> Option<(Meaning, usize)> {
    let simple = |character: u8| Some((Meaning::Byte(character), 2));
    let letter = *rest.get(1)?;
    match letter.to_ascii_lowercase() {
        b'x' | b'u' if rest.get(2) == Some(&b'{') => braced(rest),
        b'x' => Some((byte(rest.get(2..4)?)?, 4)),
        b'u' => long_unicode(rest).or_else(|| utf_16(&rest[2..], &[b"\\u", b"\\U"], 2)),
        b'n' => simple(b'\n'),
        b'r' => simple(b'\r'),
        b't' => simple(b'\t'),
        b'b' => simple(8),
        b'f' => simple(12),
        b'v' => simple(11),
        b'a' => simple(7),
        b'e' => simple(27),
        b'0' => simple(0),
        // What CSS needs for a digit at the beginning.
        b'3' if rest.get(2)?.is_ascii_digit() && rest.get(3) == Some(&b' ') => {
            Some((Meaning::Byte(rest[2]), 4))
        }
        b' ' => simple(b' '),
        other if other.is_ascii_punctuation() => simple(other),
        _ => None,
    }
}

/// `\u{41}`, `\x{41}`
fn braced(rest: &[u8]) -> Option<(Meaning, usize)> {
    let digits = digits(&rest[3..], 8, u8::is_ascii_hexdigit);
    let is_closed = rest.get(3 + digits.len()) == Some(&b'}');
    let character = char::from_u32(number(digits, 16)?).filter(|_| is_closed)?;
    Some((Meaning::Character(character), digits.len() + 4))
}

/// `\U0001F600`
fn long_unicode(rest: &[u8]) -> Option<(Meaning, usize)> {
    let digits = rest
        .get(2..10)
        .filter(|digits| digits.starts_with(b"000"))?;
    let character = char::from_u32(number(digits, 16)?)?;
    Some((Meaning::Character(character), 10))
}

/// One UTF-16 unit of four digits, or a pair of them with one of these marks between; `before` bytes stand before.
fn utf_16(rest: &[u8], marks: &[&[u8]], before: usize) -> Option<(Meaning, usize)> {
    let unit = |digits: &[u8]| u16::try_from(number(digits, 16)?).ok();
    let first = unit(rest.get(..4)?)?;
    if let Some(character) = char::from_u32(first.into()) {
        return Some((Meaning::Character(character), before + 4));
    }
    let is_marked = marks.contains(&rest.get(4..4 + before)?);
    let second = unit(rest.get(4 + before..8 + before)?).filter(|_| is_marked)?;
    let character = char::decode_utf16([first, second]).next()?.ok()?;
    Some((Meaning::Character(character), 2 * before + 8))
}

/// `&amp;`, `&#38;`, `&#x26;`, also without the semicolon where browsers accept that.
fn entity(rest: &[u8]) -> Option<(Meaning, usize)> {
    let closed = |length: usize| length + usize::from(rest.get(length) == Some(&b';'));
    if rest.get(1)? == &b'#' {
        let is_hex = rest.get(2)?.eq_ignore_ascii_case(&b'x');
        let (before, radix) = if is_hex { (3, 16) } else { (2, 10) };
        let digits = digits(&rest[before..], 8, |byte| char::from(*byte).is_digit(radix));
        let character = char::from_u32(number(digits, radix)?)?;
        let length = closed(before + digits.len());
        return Some((Meaning::Character(character), length));
    }
    let name = digits(&rest[1..], 8, u8::is_ascii_alphanumeric);
    let name = std::str::from_utf8(name).ok()?;
    if rest.get(1 + name.len()) == Some(&b';') {
        return Some((Meaning::Character(named(name)?), name.len() + 2));
    }
    let open = SIGNS[..4]
        .iter()
        .find(|(sign, _)| begins_with(name, sign))?;
    Some((Meaning::Character(open.1), open.0.len() + 1))
}

fn begins_with(name: &str, sign: &str) -> bool {
    let start = name.get(..sign.len());
    start.is_some_and(|start| start.eq_ignore_ascii_case(sign))
}

/// In the case of the name first: `&Auml;` is not `&auml;`, but a text may stand in capitals as a whole.
fn named(name: &str) -> Option<char> {
    let latin = LATIN_1.split_ascii_whitespace().zip('\u{a0}'..);
    let signs = || SIGNS.into_iter().chain(latin.clone());
    let exact = signs().find(|(sign, _)| *sign == name);
    let found = exact.or_else(|| signs().find(|(sign, _)| sign.eq_ignore_ascii_case(name)));
    found.map(|(_, character)| character)
}

fn byte(digits: &[u8]) -> Option<Meaning> {
    let byte = u8::try_from(number(digits, 16)?).ok()?;
    Some(Meaning::Byte(byte))
}

/// The bytes of a kind at the beginning, `most` of them at most.
fn digits(rest: &[u8], most: usize, is_one: impl Fn(&u8) -> bool) -> &[u8] {
    let end = rest
        .iter()
        .take(most)
        .take_while(|byte| is_one(byte))
        .count();
    &rest[..end]
}

fn number(digits: &[u8], radix: u32) -> Option<u32> {
    let is_plain = digits
        .iter()
        .all(|digit| char::from(*digit).is_digit(radix));
    let digits = std::str::from_utf8(digits).ok().filter(|_| is_plain)?;
    u32::from_str_radix(digits, radix).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_escape_is_read() {
        for (written, meant) in [
            ("%41%e4b", "A\u{e4}b"),
            ("%u00e4%uD83D%uDE00", "ä😀"),
            ("\\x41\\X42\\x{43}\\u0044\\u{45}\\U00000046", "ABCDEF"),
            ("\\ud83d\\uDE00 \\u00E4", "😀 ä"),
            ("\\n\\\\n\\\"\\/\\31 2", "\n\\n\"/12"),
            (
                "&amp;&AMP&lt&#65;&#x42;&#X43;&Auml;&auml;&SZLIG;",
                "&&<ABCÄäß",
            ),
            ("&sol;&commat;&ampersand;", "/@&ersand;"),
        ] {
            let latin = meant == "A\u{e4}b";
            let meant = if latin {
                b"A\xe4b".to_vec()
            } else {
                meant.into()
            };
            assert_eq!(decoded_value(written), meant, "{written}");
        }
    }

    #[test]
    fn what_is_none_stays() {
        for text in [
            "100 % of it",
            "%",
            "%4",
            "%g1",
            "%u12",
            "\\",
            "\\x4",
            "\\ud83d",
            "\\u{110000}",
            "\\q",
            "&",
            "&;",
            "&#;",
            "&#x;",
            "&nothing;",
            "AT&T",
            "é%",
        ] {
            assert!(decoded(&View::of(text, false), ALL).is_none(), "{text}");
        }
    }
}
