//! The suspicions that a report can raise, by name, and the reasons with which a flow or a step allows them.

use std::{collections::BTreeMap, fmt};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::yaml::{Diagnostic, Location, read::Place, reader::Reader};

/// Why a suspicion is allowed.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Allowance {
    /// The reason as it was written.
    pub reason: String,
    /// Where it is written.
    pub at: Location,
}

/// Leaves out the place: the digest of a shard is made of this, and every machine may have its own folders.
impl fmt::Debug for Allowance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Allowance({:?})", self.reason)
    }
}

/// The suspicions that are allowed.
pub type Allowances = BTreeMap<Suspicion, Allowance>;

macro_rules! suspicions {
    ($($(#[doc = $note:literal])+ $name:ident: $suspicion:ident,)*) => {
        /// A reason to look again at a green result. It fails the run under `--ci`.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(rename_all = "snake_case")]
        pub enum Suspicion {
            $($(#[doc = $note])+ $suspicion,)*
        }

        impl Suspicion {
            /// Its name in specs and reports.
            pub fn name(self) -> &'static str {
                match self {
                    $(Self::$suspicion => stringify!($name),)*
                }
            }
        }

        /// Suspicions that are not raised, each with the reason.
        #[derive(Debug, Default, Deserialize, JsonSchema)]
        #[serde(deny_unknown_fields)]
        #[schemars(rename = "Allow")]
        pub(crate) struct AllowYaml {
            $($(#[doc = $note])+ $name: Option<Place<String>>,)*
        }

        impl AllowYaml {
            fn entries(&self) -> Vec<(Suspicion, &Place<String>)> {
                let all = [$((Suspicion::$suspicion, &self.$name),)*];
                all.into_iter().filter_map(|(suspicion, reason)| Some((suspicion, reason.as_ref()?))).collect()
            }
        }
    };
}

suspicions! {
    /// Both sides are the same environment. Only twinshot.yaml can allow it.
    same_environment: SameEnvironment,
    /// A page ended at another path than the flow asked for.
    redirect: Redirect,
    /// Several pages gave the same picture.
    same_picture: SamePicture,
    /// A picture has one colour all over.
    blank: Blank,
    /// Masks cover most of a picture.
    mostly_masked: MostlyMasked,
    /// A mask matches nothing visible.
    idle_mask: IdleMask,
    /// An image, a font, a style sheet or a script of the page failed or never arrived.
    incomplete: Incomplete,
    /// A picture does not show the whole page.
    partial_page: PartialPage,
}

impl fmt::Display for Suspicion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl Reader<'_> {
    /// What a flow or a step allows.
    pub(crate) fn allow(&self, place: Option<&Place<AllowYaml>>) -> Result<Allowances, Diagnostic> {
        let allowances = self.allow_for_run(place)?;
        let of_run = place.and_then(|place| place.value.same_environment.as_ref());
        match of_run {
            None => Ok(allowances),
            Some(reason) => {
                let message = "`same_environment` is about the whole run, not about one flow";
                let error = self.key_error(reason.id, message);
                Err(error.help("move it to `allow` in twinshot.yaml"))
            }
        }
    }

    /// What a whole run allows.
    pub(crate) fn allow_for_run(
        &self,
        place: Option<&Place<AllowYaml>>,
    ) -> Result<Allowances, Diagnostic> {
        let Some(place) = place else {
            return Ok(Allowances::new());
        };
        let entries = place.value.entries();
        if entries.is_empty() {
            let error = self.key_error(place.id, "`allow` is empty");
            return Err(error.help("write for example `allow: { same_picture: \"the reason\" }`"));
        }
        let allowance = |(suspicion, reason): (Suspicion, &Place<String>)| {
            let text = self.some_text(reason);
            let text = text.map_err(|error| error.help("write why it is allowed"))?;
            let at = self.tree.key_spot(reason.id).location().clone();
            let reason = text.value().to_owned();
            Ok((suspicion, Allowance { reason, at }))
        };
        entries.into_iter().map(allowance).collect()
    }
}
