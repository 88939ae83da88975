//! Selectors: CSS with ` >>> ` between a shadow host and what is inside, `text=…`, `xpath=…`.

use super::{Selector, Target};
use crate::yaml::{
    Diagnostic,
    read::{Place, Texts},
    reader::Reader,
    tree::NodeId,
};

impl Reader<'_> {
    /// One element: a selector or a list of alternatives.
    pub(crate) fn target(&self, place: &Place<Texts>) -> Result<Target, Diagnostic> {
        match &place.value {
            Texts::One(source) => self.single(place.id, source),
            Texts::Many(sources) => self.chain(place.id, sources),
        }
    }

    pub(crate) fn maybe_target(
        &self,
        place: Option<&Place<Texts>>,
    ) -> Result<Option<Target>, Diagnostic> {
        place.map(|place| self.target(place)).transpose()
    }

    pub(crate) fn single(&self, id: NodeId, source: &str) -> Result<Target, Diagnostic> {
        let text = self.text_at(id, source)?;
        let selector = parse(text.value()).map_err(|bad| {
            let shown = source.trim();
            let message = match shown.is_empty() {
                true => bad.message,
                false => format!("`{shown}` is no selector: {}", bad.message),
            };
            self.error(id, message).maybe_help(bad.help.map(Into::into))
        })?;
        Ok(Target {
            alternatives: vec![selector],
            source: source.split_whitespace().collect::<Vec<_>>().join(" "),
        })
    }

    pub(crate) fn chain(
        &self,
        id: NodeId,
        sources: &[Place<String>],
    ) -> Result<Target, Diagnostic> {
        if sources.is_empty() {
            return Err(self.error(id, "the list of selectors is empty"));
        }
        if let ([only], true) = (sources, self.tree.starts_with(id, &['['])) {
            let help = format!(
                "quote an attribute selector: \"[{}]\"; leave the brackets off otherwise",
                only.value
            );
            return Err(self.error(id, "a list with one alternative").help(help));
        }
        let mut targets = Vec::new();
        for source in sources {
            targets.push(self.single(source.id, &source.value)?);
        }
        let written: Vec<&str> = targets
            .iter()
            .map(|target| target.source.as_str())
            .collect();
        Ok(Target {
            source: written.join(" | "),
            alternatives: targets
                .into_iter()
                .flat_map(|target| target.alternatives)
                .collect(),
        })
    }

    /// Elements to paint over: each text of a list is one of its own.
    pub(crate) fn masks(&self, place: Option<&Place<Texts>>) -> Result<Vec<Target>, Diagnostic> {
        match place.map(|place| (place.id, &place.value)) {
            None => Ok(Vec::new()),
            Some((id, Texts::One(source))) => Ok(vec![self.single(id, source)?]),
            Some((_, Texts::Many(sources))) => {
                let masks = sources.iter();
                masks
                    .map(|source| self.single(source.id, &source.value))
                    .collect()
            }
        }
    }
}

/// Why a text is not a selector, and what to write instead.
#[derive(Debug, PartialEq, Eq)]
struct BadSelector {
    message: String,
    help: Option<&'static str>,
}

/// Reads one alternative. It checks only errors that the browser would explain badly.
fn parse(text: &str) -> Result<Selector, BadSelector> {
    let text = text.trim();
    if let Some(wanted) = text.strip_prefix("text=") {
        let wanted = wanted.split_whitespace().collect::<Vec<_>>().join(" ");
        return not_empty(&wanted, "text=").map(|()| Selector::Text(wanted));
    }
    if let Some(path) = text.strip_prefix("xpath=") {
        return not_empty(path.trim(), "xpath=").map(|()| Selector::XPath(path.trim().into()));
    }
    css(text).map(Selector::Css)
}

fn not_empty(text: &str, prefix: &str) -> Result<(), BadSelector> {
    match text.is_empty() {
        true => Err(bad(format!("nothing stands after `{prefix}`"), None)),
        false => Ok(()),
    }
}

fn css(text: &str) -> Result<Vec<String>, BadSelector> {
    if text.starts_with("//") || text.starts_with("(//") {
        return Err(bad("this looks like XPath", Some("write `xpath=//…`")));
    }
    let parts = split(text)?;
    match parts.iter().any(String::is_empty) {
        true if parts.len() == 1 => Err(bad("the selector is empty", None)),
        true => Err(bad(
            "a part of the selector is empty",
            Some("`>>>` stands between a shadow host and what is inside"),
        )),
        false => Ok(parts),
    }
}

/// Cuts at `>>>` outside of quotes and brackets, which must be balanced.
fn split(text: &str) -> Result<Vec<String>, BadSelector> {
    let mut parts = vec![String::new()];
    let mut open = Vec::new();
    let mut quote = None;
    let mut rest = text.chars();
    while let Some(c) = rest.next() {
        let part = parts.last_mut().expect("it begins with one part");
        if quote.is_none() && open.is_empty() && c == '>' && rest.as_str().starts_with(">>") {
            rest.nth(1);
            parts.push(String::new());
            continue;
        }
        part.push(c);
        match (c, quote) {
            ('\\', _) => part.extend(rest.next()),
            (c, Some(q)) if c == q => quote = None,
            (_, Some(_)) => {}
            ('"' | '\'', None) => quote = Some(c),
            ('(', None) => open.push(')'),
            ('[', None) => open.push(']'),
            (')' | ']', None) if open.pop() != Some(c) => {
                return Err(bad(format!("`{c}` closes nothing"), None));
            }
            ('=', None) if open.is_empty() => return Err(stray_equals()),
            _ => {}
        }
    }
    match (quote, open.pop()) {
        (Some(q), _) => Err(bad(format!("a `{q}` is not closed"), None)),
        (None, Some(c)) => Err(bad(format!("a `{c}` is missing"), None)),
        (None, None) => Ok(parts.iter().map(|part| part.trim().to_owned()).collect()),
    }
}

fn stray_equals() -> BadSelector {
    let help = "write an attribute selector as \"[name=value]\", in quotes; `text=…` and `xpath=…` are the other two ways";
    bad("`=` stands outside of brackets", Some(help))
}

fn bad(message: impl Into<String>, help: Option<&'static str>) -> BadSelector {
    BadSelector {
        message: message.into(),
        help,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn css_parts(text: &str) -> Vec<String> {
        match parse(text) {
            Ok(Selector::Css(parts)) => parts,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn pierces_shadow_roots_outside_of_quotes() {
        assert_eq!(css_parts("app-shell >>> nav > a"), ["app-shell", "nav > a"]);
        assert_eq!(css_parts("a>>>b >>> c"), ["a", "b", "c"]);
        assert_eq!(css_parts(r#"[title="a >>> b"]"#), [r#"[title="a >>> b"]"#]);
    }

    #[test]
    fn knows_the_three_strategies() {
        assert_eq!(
            parse("text= Sign \n in "),
            Ok(Selector::Text("Sign in".into()))
        );
        assert_eq!(parse("xpath=//a"), Ok(Selector::XPath("//a".into())));
        assert_eq!(
            css_parts(r"#a\:b[x='y]']:not(.c)"),
            [r"#a\:b[x='y]']:not(.c)"]
        );
    }

    #[test]
    fn refuses_what_cannot_be_a_selector() {
        for text in [
            "", " ", "text=", "xpath= ", "a[b", "a(b", "a]", "a[b)", "'x", "a >>> ", ">>> a",
            "id=x", "//a",
        ] {
            assert!(parse(text).is_err(), "{text}");
        }
    }
}
