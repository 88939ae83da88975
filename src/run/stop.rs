//! EFFECT. How a run ends early: by a signal, or because nothing more can be decided. A signal ends the process in the end,
//! whatever a thread waits for.

use std::{
    io,
    process::exit,
    sync::{
        Arc, Mutex, PoisonError, Weak,
        atomic::{AtomicBool, AtomicI32, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use tokio::{
    runtime::Runtime,
    signal::unix::{Signal, SignalKind, signal},
    sync::watch,
    time::sleep,
};

use crate::{browser::RunFolder, capture::runner::StopSignal, report::RunState};

/// How long after a signal the run waits for its threads: somewhat longer than flows may take to say goodbye. Then the
/// report is written with what is decided.
const THREADS_LIMIT: Duration = Duration::from_secs(8);
/// How long after a signal the process may go on at all, for example if its output is not read.
const PROCESS_LIMIT: Duration = Duration::from_secs(16);

/// Why a run ends early.
#[derive(Debug, Default)]
pub(super) struct StopSwitch {
    wanted: watch::Sender<bool>,
    signal: AtomicI32,
    signalled: Mutex<Option<Instant>>,
    /// Whether the run is over, and only its output goes on.
    is_over: AtomicBool,
}

impl StopSwitch {
    pub(super) fn stop(&self) {
        self.wanted.send_replace(true);
    }

    /// Turns true when the run is to end.
    pub(super) fn wanted(&self) -> StopSignal {
        self.wanted.subscribe()
    }

    fn stop_for_signal(&self, signal: i32) {
        let mut signalled = self
            .signalled
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        signalled.get_or_insert_with(Instant::now);
        drop(signalled);
        self.signal.store(signal, Ordering::Relaxed);
        self.stop();
    }

    pub(super) fn signal(&self) -> Option<i32> {
        Some(self.signal.load(Ordering::Relaxed)).filter(|&signal| signal != 0)
    }

    /// Whether a signal came so long ago that threads which still work are not waited for.
    pub(super) fn is_overdue(&self) -> bool {
        let signalled = *self
            .signalled
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        signalled.is_some_and(|signalled| signalled.elapsed() > THREADS_LIMIT)
    }

    pub(super) fn state(&self) -> RunState {
        match (self.signal(), *self.wanted.borrow()) {
            (Some(_), _) => RunState::Interrupted,
            (None, true) => RunState::Stopped,
            (None, false) => RunState::Complete,
        }
    }
}

/// Says on its drop that the run is over: the next signal ends the process at once.
pub(super) struct RunInProgress(pub(super) Arc<StopSwitch>);

impl Drop for RunInProgress {
    fn drop(&mut self) {
        self.0.is_over.store(true, Ordering::Relaxed);
    }
}

/// Watches for signals on a thread of its own, so that nothing else can keep them waiting. The first signal ends the run in
/// order. A second one, or too long a wait after the first, ends the browsers and the process at once.
///
/// # Errors
/// When the operating system refuses.
pub(super) fn watch_signals(stop: Arc<StopSwitch>, scratch: Weak<RunFolder>) -> io::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let signals = runtime.block_on(async { Signals::new() })?;
    let watch = move || watch(&runtime, signals, &stop, &scratch);
    thread::Builder::new().spawn(watch).map(drop)
}

fn watch(runtime: &Runtime, mut signals: Signals, stop: &StopSwitch, scratch: &Weak<RunFolder>) {
    let number = runtime.block_on(async {
        let first = signals.next().await;
        if stop.is_over.load(Ordering::Relaxed) {
            return first;
        }
        stop.stop_for_signal(first);
        tokio::select! {
            second = signals.next() => second,
            () = sleep(PROCESS_LIMIT) => first,
        }
    });
    if let Some(scratch) = scratch.upgrade() {
        scratch.clear();
    }
    exit(128 + number);
}

/// The signals that end a run.
struct Signals {
    interrupt: Signal,
    terminate: Signal,
    hangup: Signal,
}

impl Signals {
    fn new() -> io::Result<Self> {
        Ok(Self {
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
            hangup: signal(SignalKind::hangup())?,
        })
    }

    async fn next(&mut self) -> i32 {
        let kind = tokio::select! {
            _ = self.interrupt.recv() => SignalKind::interrupt(),
            _ = self.terminate.recv() => SignalKind::terminate(),
            _ = self.hangup.recv() => SignalKind::hangup(),
        };
        kind.as_raw_value()
    }
}
