//! What the pages show. Constant, or computed from the row number alone.

use minijinja::{Value, context};

/// A destination for events.
pub(super) struct Destination {
    /// Its name on the page.
    pub(super) name: &'static str,
    /// Its name in file names.
    pub(super) slug: &'static str,
}

/// A customer's account within Harbor.
pub(super) struct Workspace {
    slug: &'static str,
    name: &'static str,
    region: &'static str,
    colour: &'static str,
    sources: u32,
    destinations: u32,
    events: &'static str,
    status: &'static str,
    members: &'static [Person],
    trend: &'static str,
}

type Person = (&'static str, &'static str);

const JANE: Person = ("JD", "#0b7285");
const MARA: Person = ("MO", "#b4457a");
const TOMAS: Person = ("TL", "#5b5bd6");
const AIKO: Person = ("AK", "#c2570c");
const RAVI: Person = ("RB", "#2f7d4f");
const SOFIA: Person = ("SC", "#7a4fb5");

const WORKSPACES: [Workspace; 6] = [
    Workspace {
        slug: "acme-production",
        name: "Acme Production",
        region: "Frankfurt",
        colour: "#0b7285",
        sources: 14,
        destinations: 38,
        events: "31.4M",
        status: "Live",
        members: &[JANE, MARA, TOMAS],
        trend: "0,30 20,26 40,27 60,20 80,22 100,14 120,16 140,9 160,11 180,6 200,7",
    },
    Workspace {
        slug: "acme-mobile",
        name: "Acme Mobile",
        region: "Frankfurt",
        colour: "#5b5bd6",
        sources: 9,
        destinations: 22,
        events: "9.8M",
        status: "Live",
        members: &[AIKO, JANE],
        trend: "0,18 20,22 40,15 60,17 80,12 100,19 120,14 140,16 160,10 180,13 200,8",
    },
    Workspace {
        slug: "acme-europe",
        name: "Acme Europe",
        region: "Dublin",
        colour: "#b4457a",
        sources: 7,
        destinations: 19,
        events: "4.1M",
        status: "Live",
        members: &[RAVI, SOFIA, MARA],
        trend: "0,12 20,14 40,11 60,16 80,13 100,15 120,18 140,14 160,17 180,15 200,12",
    },
    Workspace {
        slug: "data-science",
        name: "Data Science",
        region: "Oregon",
        colour: "#c2570c",
        sources: 5,
        destinations: 16,
        events: "2.2M",
        status: "Degraded",
        members: &[TOMAS, AIKO],
        trend: "0,10 20,8 40,12 60,9 80,14 100,11 120,22 140,27 160,21 180,24 200,19",
    },
    Workspace {
        slug: "growth",
        name: "Growth",
        region: "Oregon",
        colour: "#2f7d4f",
        sources: 4,
        destinations: 15,
        events: "640K",
        status: "Live",
        members: &[SOFIA, JANE, RAVI],
        trend: "0,28 20,27 40,24 60,25 80,21 100,18 120,19 140,15 160,14 180,10 200,11",
    },
    Workspace {
        slug: "sandbox",
        name: "Sandbox",
        region: "Dublin",
        colour: "#64748b",
        sources: 3,
        destinations: 8,
        events: "18K",
        status: "Paused",
        members: &[MARA],
        trend: "0,22 20,22 40,18 60,22 80,22 100,16 120,22 140,22 160,22 180,22 200,22",
    },
];

/// All workspaces, for the templates.
pub(super) fn workspaces() -> Value {
    WORKSPACES.iter().map(workspace_value).collect()
}

/// The name of the workspace with this slug.
pub(super) fn workspace_name(slug: &str) -> Option<&'static str> {
    WORKSPACES
        .iter()
        .find(|workspace| workspace.slug == slug)
        .map(|workspace| workspace.name)
}

fn workspace_value(workspace: &Workspace) -> Value {
    context! {
        slug => workspace.slug,
        name => workspace.name,
        region => workspace.region,
        colour => workspace.colour,
        sources => workspace.sources,
        destinations => workspace.destinations,
        events => workspace.events,
        status => workspace.status,
        trend => workspace.trend,
        members => workspace.members.iter().map(person_value).collect::<Value>(),
    }
}

fn person_value(&(initials, colour): &Person) -> Value {
    context! { initials, colour }
}

const DESTINATIONS: [Destination; 8] = [
    Destination {
        name: "Kelp Warehouse",
        slug: "kelp",
    },
    Destination {
        name: "Signalbox",
        slug: "signalbox",
    },
    Destination {
        name: "Packet Lake",
        slug: "packet",
    },
    Destination {
        name: "Northstar Ads",
        slug: "northstar",
    },
    Destination {
        name: "Tidepool",
        slug: "tidepool",
    },
    Destination {
        name: "Cinder Search",
        slug: "cinder",
    },
    Destination {
        name: "Lumen CRM",
        slug: "lumen",
    },
    Destination {
        name: "Quill Mail",
        slug: "quill",
    },
];

const EVENTS: [(&str, &str); 10] = [
    ("Order Completed", "Web storefront"),
    ("Product Viewed", "iOS app"),
    ("Signed Up", "Web storefront"),
    ("Invoice Paid", "Billing service"),
    ("Cart Updated", "Android app"),
    ("Search Performed", "Web storefront"),
    ("Trial Started", "Marketing site"),
    ("Push Opened", "iOS app"),
    ("Refund Issued", "Billing service"),
    ("Profile Updated", "Account API"),
];

/// How many deliveries the long table lists.
pub(super) const DELIVERIES: u32 = 60;

/// One line of the long table.
pub(super) struct Delivery {
    /// From 1.
    pub(super) row: u32,
    event: &'static str,
    source: &'static str,
    /// Where the events went.
    pub(super) destination: &'static Destination,
    volume: u32,
    latency: u32,
    status: &'static str,
    /// Heights of the sparkline, in pixels.
    pub(super) trend: [u32; 13],
}

/// The deliveries whose event, source or destination contains `query`, for the templates.
pub(super) fn deliveries(query: &str) -> Value {
    let query = query.trim().to_lowercase();
    (1..=DELIVERIES)
        .filter_map(delivery)
        .filter(|delivery| delivery.contains(&query))
        .map(|delivery| delivery.value())
        .collect()
}

/// The delivery in this row, counted from 1.
pub(super) fn delivery(row: u32) -> Option<Delivery> {
    (1..=DELIVERIES).contains(&row).then(|| make_delivery(row))
}

fn make_delivery(row: u32) -> Delivery {
    let mut digits = Digits::new(row);
    let (event, source) = EVENTS[row as usize * 7 % EVENTS.len()];
    Delivery {
        row,
        event,
        source,
        destination: &DESTINATIONS[row as usize * 5 % DESTINATIONS.len()],
        volume: 800 + digits.below(420) * digits.below(640),
        latency: 40 + digits.below(320),
        status: status(row),
        trend: std::array::from_fn(|_| 3 + digits.below(22)),
    }
}

fn status(row: u32) -> &'static str {
    match row % 17 {
        5 => "Retrying",
        11 => "Failed",
        _ => "Delivered",
    }
}

impl Delivery {
    fn contains(&self, query: &str) -> bool {
        [self.event, self.source, self.destination.name]
            .iter()
            .any(|text| text.to_lowercase().contains(query))
    }

    fn value(&self) -> Value {
        context! {
            row => self.row,
            event => self.event,
            source => self.source,
            destination => self.destination.name,
            volume => thousands(self.volume),
            latency => self.latency,
            status => self.status,
        }
    }
}

/// `1234567` as `1,234,567`.
fn thousands(number: u32) -> String {
    let digits = number.to_string();
    let mut grouped = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

/// Numbers that look random and are the same on every machine: a linear congruential generator.
struct Digits(u32);

impl Digits {
    fn new(seed: u32) -> Self {
        // Neighbouring seeds would give neighbouring numbers: MurmurHash3's last step spreads them.
        let mixed = (seed ^ (seed >> 16)).wrapping_mul(0x85eb_ca6b);
        let mixed = (mixed ^ (mixed >> 13)).wrapping_mul(0xc2b2_ae35);
        Self(mixed ^ (mixed >> 16))
    }

    fn below(&mut self, bound: u32) -> u32 {
        self.0 = self.0.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        // The low bits of such a generator repeat early.
        (self.0 >> 8) % bound
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thousands_are_grouped_by_three() {
        let grouped = [7, 999, 1000, 65_535, 1_234_567].map(thousands);
        assert_eq!(grouped, ["7", "999", "1,000", "65,535", "1,234,567"]);
    }

    #[test]
    fn rows_outside_the_table_do_not_exist() {
        assert!(delivery(0).is_none());
        assert!(delivery(DELIVERIES).is_some());
        assert!(delivery(DELIVERIES + 1).is_none());
    }
}
