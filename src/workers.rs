//! How many flows run at the same time: half the cores, and no more than there is memory for.
//!
//! [`Machine::read`] reads Linux's own files; everything else is pure. Where memory cannot be read, cores alone count.

use std::{fs, num::NonZeroUsize, path::Path, thread::available_parallelism};

/// What one Chrome takes on ordinary pages, in bytes: pairs were measured at 368 to 683 MB.
const PER_BROWSER: u64 = 300_000_000;

/// What flows have to share.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Machine {
    /// How many threads run at once.
    pub cores: usize,
    /// Memory that is free for browsers, in bytes, where it is known.
    pub free_memory: Option<u64>,
}

/// How many flows run at the same time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Workers {
    /// At least one.
    pub count: usize,
    /// What memory says of it.
    pub memory: MemoryVerdict,
}

/// What memory says of a number of workers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MemoryVerdict {
    /// There is enough, or nobody knows, or the browsers run elsewhere.
    Enough,
    /// There would have been more workers.
    Bounds {
        /// How many by the cores.
        instead_of: usize,
        /// What is free and what each worker takes.
        need: Need,
    },
    /// More were asked for than there is memory for.
    Exceeded {
        /// How many would work at once.
        at_once: usize,
        /// How many there is memory for.
        fitting: usize,
        /// What is free and what each worker takes.
        need: Need,
    },
}

/// What is there and what is needed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Need {
    /// Bytes that are free.
    pub free: u64,
    /// Bytes that the browsers of one flow take, about.
    pub per_worker: u64,
}

impl Workers {
    /// As many as were `asked` for, or as fit. There are so many `flows`, each with so many `browsers` of its own on this
    /// machine, which are none where drivers elsewhere have them.
    pub fn new(asked: Option<NonZeroUsize>, flows: usize, browsers: u64, machine: Machine) -> Self {
        let by_cores = (machine.cores / 2).max(1);
        let count = asked.map_or(by_cores, NonZeroUsize::get);
        let at_once = count.min(flows).max(1);
        let need = machine.free_memory.map(|free| Need {
            free,
            per_worker: browsers * PER_BROWSER,
        });
        let Some((need, fitting)) = need.and_then(|need| Some((need, need.fitting()?))) else {
            return Self::enough(count);
        };
        match asked {
            _ if at_once <= fitting => Self::enough(count),
            Some(_) => Self {
                count,
                memory: MemoryVerdict::Exceeded {
                    at_once,
                    fitting,
                    need,
                },
            },
            None => Self {
                count: fitting,
                memory: MemoryVerdict::Bounds {
                    instead_of: at_once,
                    need,
                },
            },
        }
    }

    fn enough(count: usize) -> Self {
        Self {
            count,
            memory: MemoryVerdict::Enough,
        }
    }
}

impl Need {
    /// How many workers there is memory for, at least one; none where they need nothing here.
    fn fitting(self) -> Option<usize> {
        let fitting = self.free.checked_div(self.per_worker)?;
        Some(usize::try_from(fitting).unwrap_or(usize::MAX).max(1))
    }
}

impl Machine {
    /// The machine that this runs on, or the part of it that a container has.
    pub fn read() -> Self {
        Self {
            cores: available_parallelism().map_or(1, NonZeroUsize::get),
            free_memory: free_memory(&|path| fs::read_to_string(path).ok()),
        }
    }
}

/// What the kernel and every control group around this process leave, by the files that `read` gives.
fn free_memory(read: &dyn Fn(&Path) -> Option<String>) -> Option<u64> {
    let available = read(Path::new("/proc/meminfo"))
        .and_then(|text| field(&text, "MemAvailable:"))
        .map(|kilobytes| kilobytes.saturating_mul(1024));
    let groups = read(Path::new("/proc/self/cgroup")).unwrap_or_default();
    let left = groups.lines().flat_map(|line| left_in_groups(line, read));
    left.chain(available).min()
}

/// Of the group on a line of `/proc/self/cgroup` and of those around it.
fn left_in_groups(line: &str, read: &dyn Fn(&Path) -> Option<String>) -> Vec<u64> {
    let mut parts = line.splitn(3, ':').skip(1);
    let (Some(controllers), Some(path)) = (parts.next(), parts.next()) else {
        return Vec::new();
    };
    let files = match controllers {
        "" => &SECOND,
        list if list.split(',').any(|name| name == "memory") => &FIRST,
        _ => return Vec::new(),
    };
    let root = Path::new(files.root);
    let group = root.join(path.trim_start_matches('/'));
    let around = group
        .ancestors()
        .take_while(|group| group.starts_with(root));
    around.filter_map(|group| files.left(group, read)).collect()
}

/// The files of a version of control groups.
struct GroupFiles {
    root: &'static str,
    limit: &'static str,
    usage: &'static str,
    /// Of the file `memory.stat`: what the kernel gives back when memory is short.
    cache: &'static str,
}

const FIRST: GroupFiles = GroupFiles {
    root: "/sys/fs/cgroup/memory",
    limit: "memory.limit_in_bytes",
    usage: "memory.usage_in_bytes",
    cache: "total_inactive_file",
};
const SECOND: GroupFiles = GroupFiles {
    root: "/sys/fs/cgroup",
    limit: "memory.max",
    usage: "memory.current",
    cache: "inactive_file",
};

impl GroupFiles {
    /// Nothing where there is no limit.
    fn left(&self, group: &Path, read: &dyn Fn(&Path) -> Option<String>) -> Option<u64> {
        let number = |name| read(&group.join(name))?.trim().parse::<u64>().ok();
        let (limit, usage) = (number(self.limit)?, number(self.usage)?);
        let stat = read(&group.join("memory.stat")).unwrap_or_default();
        let used = usage.saturating_sub(field(&stat, self.cache).unwrap_or(0));
        Some(limit.saturating_sub(used))
    }
}

/// The number after a name that begins a line.
fn field(text: &str, name: &str) -> Option<u64> {
    let mut lines = text.lines().map(str::split_whitespace);
    let mut line = lines.find_map(|mut words| (words.next() == Some(name)).then_some(words))?;
    line.next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const GB: u64 = 1_000_000_000;

    fn workers(
        asked: usize,
        flows: usize,
        cores: usize,
        free: Option<u64>,
    ) -> (usize, &'static str) {
        let machine = Machine {
            cores,
            free_memory: free,
        };
        let workers = Workers::new(NonZeroUsize::new(asked), flows, 2, machine);
        let verdict = match workers.memory {
            MemoryVerdict::Enough => "enough",
            MemoryVerdict::Bounds { .. } => "bounds",
            MemoryVerdict::Exceeded { .. } => "exceeded",
        };
        (workers.count, verdict)
    }

    #[test]
    fn half_the_cores_work_unless_memory_is_short() {
        for (flows, cores, free, expected) in [
            (9, 1, None, (1, "enough")),
            (9, 8, None, (4, "enough")),
            (9, 8, Some(3 * GB), (4, "enough")),
            (9, 8, Some(2 * GB), (3, "bounds")),
            (9, 8, Some(0), (1, "bounds")),
            (1, 8, Some(GB / 2), (4, "enough")),
            (0, 2, Some(0), (1, "enough")),
        ] {
            assert_eq!(workers(0, flows, cores, free), expected);
        }
    }

    #[test]
    fn who_asks_for_more_gets_it_with_a_word() {
        assert_eq!(workers(4, 9, 2, Some(2 * GB)), (4, "exceeded"));
        assert_eq!(workers(4, 3, 2, Some(2 * GB)), (4, "enough"));
        assert_eq!(workers(4, 9, 2, None), (4, "enough"));
    }

    #[test]
    fn browsers_elsewhere_take_no_memory_here() {
        let machine = Machine {
            cores: 8,
            free_memory: Some(0),
        };
        let of = |browsers| Workers::new(None, 9, browsers, machine).count;
        assert_eq!((of(0), of(1)), (4, 1));
    }

    fn free(files: &[(&str, &str)]) -> Option<u64> {
        free_memory(&|path| {
            let found = files.iter().find(|(name, _)| Path::new(name) == path);
            found.map(|(_, text)| (*text).to_owned())
        })
    }

    const MEMINFO: (&str, &str) = (
        "/proc/meminfo",
        "MemTotal:       24683124 kB\nMemFree:         3066000 kB\nMemAvailable:    8000000 kB\n",
    );

    #[test]
    fn the_kernel_knows_what_is_free() {
        assert_eq!(free(&[]), None);
        assert_eq!(free(&[MEMINFO]), Some(8_192_000_000));
    }

    #[test]
    fn the_narrowest_group_around_the_process_counts() {
        let files = [
            MEMINFO,
            ("/proc/self/cgroup", "0::/jobs/one\n"),
            ("/sys/fs/cgroup/jobs/one/memory.max", "max\n"),
            ("/sys/fs/cgroup/jobs/one/memory.current", "5\n"),
            ("/sys/fs/cgroup/jobs/memory.max", "2000000000\n"),
            ("/sys/fs/cgroup/jobs/memory.current", "1500000000\n"),
            (
                "/sys/fs/cgroup/jobs/memory.stat",
                "anon 1\nactive_file 7\ninactive_file 600000000\n",
            ),
        ];
        assert_eq!(free(&files), Some(1_100_000_000));
        assert_eq!(free(&files[..4]), Some(8_192_000_000));
    }

    #[test]
    fn the_first_version_of_groups_is_read_too() {
        let files = [
            (
                "/proc/self/cgroup",
                "5:cpu:/x\n4:cpuset,memory:/box\n0::/\n",
            ),
            (
                "/sys/fs/cgroup/memory/box/memory.limit_in_bytes",
                "1000000000",
            ),
            (
                "/sys/fs/cgroup/memory/box/memory.usage_in_bytes",
                "400000000",
            ),
            (
                "/sys/fs/cgroup/memory/box/memory.stat",
                "inactive_file 1\ntotal_inactive_file 100000000\n",
            ),
            (
                "/sys/fs/cgroup/memory/memory.limit_in_bytes",
                "9223372036854771712",
            ),
            ("/sys/fs/cgroup/memory/memory.usage_in_bytes", "0"),
        ];
        assert_eq!(free(&files), Some(700_000_000));
    }
}
