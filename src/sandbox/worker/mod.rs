//! This module keeps workers: child processes that run snippets and can be killed.
//!
//! Invariant: a worker is used again only after a run that ended by its own message, with nothing left in the pipe to
//! it, and while it is small; any other is killed. The server's own thread starts all of them, so that they die with it
//! (the parent-death signal follows the thread).

mod child;
#[cfg(target_os = "linux")]
mod confine;

use std::collections::VecDeque;
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::ThreadId;
use std::time::Duration;

use futures_util::StreamExt as _;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::process::{Child, ChildStderr, ChildStdin, ChildStdout, Command};
use tokio::runtime::Handle;
use tokio::sync::mpsc;
use tokio_util::codec::{FramedRead, LinesCodec};

use crate::sandbox::protocol::{FromRun, LONGEST_LINE, Task, ToRun, line};
use crate::sandbox::{End, Limits, RunOutcome, RunSupervisor, SandboxError};

pub use child::main;

/// A worker that has run this many snippets is replaced by a fresh one.
const MOST_RUNS: u32 = 1_000;
/// A worker that keeps more memory than this after a run is not used again.
const MOST_KEPT_KB: u64 = 96 * 1024;
/// A worker that has not started within this time is given up.
const START_LIMIT: Duration = Duration::from_secs(10);
/// This is the smallest page size there is; a system with larger pages lets a worker keep more.
const PAGE_KB: u64 = 4;
const MOST_STDERR_BYTES: u64 = 16 * 1024;

/// The workers of one server.
#[derive(Debug)]
pub(super) struct Workers {
    program: PathBuf,
    limits: Limits,
    most_idle: usize,
    /// The worker that has rested longest comes first, because it has made its next context.
    idle: Arc<Mutex<VecDeque<Worker>>>,
    /// Each worker that lives or starts holds a copy, so the count of copies tells how many there are.
    living: Arc<()>,
    runtime: Handle,
}

fn lock(idle: &Mutex<VecDeque<Worker>>) -> MutexGuard<'_, VecDeque<Worker>> {
    idle.lock().unwrap_or_else(PoisonError::into_inner)
}

#[derive(Debug)]
struct Worker {
    child: Child,
    input: ChildStdin,
    output: FramedRead<ChildStdout, LinesCodec>,
    errors: ChildStderr,
    runs: u32,
    /// The runtime of this thread wakes for the worker's pipes.
    home: ThreadId,
    _living: Arc<()>,
}

impl Workers {
    /// Makes an empty pool of workers of `program`. It must be called on the server's own thread.
    pub(super) fn new(program: PathBuf, limits: Limits, most_idle: usize) -> Self {
        Self { program, limits, most_idle, idle: Arc::default(), living: Arc::default(), runtime: Handle::current() }
    }

    /// Runs a task in a worker that no other task uses, and fails as the run does or when no worker starts.
    pub(super) async fn run(&self, task: Task, attendant: RunSupervisor<'_>) -> Result<RunOutcome, SandboxError> {
        let mut worker = match self.idle_one() {
            Some(worker) => {
                self.start_spare();
                worker.at_home().map_err(SandboxError::broken)?
            }
            None => self.start().await?,
        };
        let message = line(&ToRun::Run(task)).map_err(|error| SandboxError::broken(error.to_string()))?;
        let (end, logs) = worker.attend(message, attendant).await;
        let result = match end {
            End::Done(result) => {
                // A worker whose engine panicked, or that has grown, is not used again.
                if result.as_ref().map_or_else(SandboxError::leaves_a_sound_engine, |_| true) && worker.is_fit() {
                    self.keep(worker);
                }
                result
            }
            End::Lost(why) => Err(worker.why_it_ended(&why, self.limits).await),
            End::Overtime => Err(SandboxError::overtime(self.limits.wall_ms())),
            End::Abandoned => Err(SandboxError::abandoned()),
        };
        crate::sandbox::outcome(result, logs)
    }

    /// Returns a worker that waits for work and is still alive.
    fn idle_one(&self) -> Option<Worker> {
        let mut idle = lock(&self.idle);
        while let Some(mut worker) = idle.pop_front() {
            if matches!(worker.child.try_wait(), Ok(None)) {
                return Some(worker);
            }
        }
        None
    }

    fn keep(&self, worker: Worker) {
        let mut idle = lock(&self.idle);
        if idle.len() < self.most_idle {
            idle.push_back(worker);
        }
    }

    /// Starts a worker on the server's own thread, or fails when it does not report in time.
    async fn start(&self) -> Result<Worker, SandboxError> {
        let (program, limits, living) = (self.program.clone(), self.limits, Arc::clone(&self.living));
        let started = self.runtime.spawn(async move { Worker::start(&program, limits, living).await }).await;
        started.map_err(|error| SandboxError::broken(error.to_string()))?
    }

    /// Starts one more worker, because a server that has run two snippets is likely to run a third, and a used worker
    /// is slow until it has made its next context.
    fn start_spare(&self) {
        let living = Arc::clone(&self.living);
        // The count has two more copies than workers: this one, and the pool's own.
        if Arc::strong_count(&living) - 2 >= self.most_idle {
            return;
        }
        let (program, limits, idle) = (self.program.clone(), self.limits, Arc::clone(&self.idle));
        self.runtime.spawn(async move {
            match Worker::start(&program, limits, living).await {
                Ok(worker) => lock(&idle).push_back(worker),
                // The error is only logged: a run that needs a worker reports it.
                Err(error) => tracing::debug!(error.cause = %error, "no spare worker"),
            }
        });
    }
}

impl Worker {
    async fn start(program: &Path, limits: Limits, living: Arc<()>) -> Result<Self, SandboxError> {
        let broken =
            |why: String| SandboxError::broken(format!("the worker {} does not run: {why}", program.display()));
        let mut command = Command::new(program);
        command
            .arg(child::SUBCOMMAND)
            .arg(limits.memory_mb.to_string())
            .arg(std::process::id().to_string())
            .env_clear()
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true);
        let mut child = command.spawn().map_err(|error| broken(error.to_string()))?;
        let pipes = (child.stdin.take(), child.stdout.take(), child.stderr.take());
        let (Some(input), Some(output), Some(errors)) = pipes else { return Err(broken("it has no pipes".into())) };
        let output = FramedRead::new(output, LinesCodec::new_with_max_length(LONGEST_LINE));
        let home = std::thread::current().id();
        let mut worker = Self { child, input, output, errors, runs: 0, home, _living: living };
        let first = tokio::select! {
            first = worker.next() => first,
            () = crate::base::clock::real_sleep(START_LIMIT) => Err("it says nothing".into()),
        };
        match first {
            Ok(FromRun::Ready { filtered }) => {
                if !filtered {
                    tracing::warn!("the kernel does not filter the system calls of snippets here");
                }
                Ok(worker)
            }
            Ok(_) => Err(broken("it says something else than that it is ready".into())),
            Err(why) => {
                let said = worker.last_words().await;
                Err(broken(format!("{why} {said}")))
            }
        }
    }

    /// Returns the worker with its pipes moved to this thread's runtime, because otherwise
    /// each message would wake two threads.
    #[cfg(unix)]
    fn at_home(self) -> std::io::Result<Self> {
        let home = std::thread::current().id();
        if self.home == home {
            return Ok(self);
        }
        let input = ChildStdin::from_std(self.input.into_owned_fd()?.into())?;
        let output = ChildStdout::from_std(self.output.into_inner().into_owned_fd()?.into())?;
        let output = FramedRead::new(output, LinesCodec::new_with_max_length(LONGEST_LINE));
        Ok(Self { input, output, home, ..self })
    }

    #[cfg(not(unix))]
    #[expect(clippy::unnecessary_wraps, reason = "it may fail elsewhere")]
    fn at_home(self) -> std::io::Result<Self> {
        Ok(self)
    }

    async fn next(&mut self) -> Result<FromRun, String> {
        match self.output.next().await {
            Some(Ok(text)) => serde_json::from_str(&text).map_err(|error| error.to_string()),
            Some(Err(error)) => Err(error.to_string()),
            None => Err("it ended".into()),
        }
    }

    async fn attend(&mut self, first: Vec<u8>, attendant: RunSupervisor<'_>) -> (End, Vec<serde_json::Value>) {
        self.runs += 1;
        let (sender, mut lines) = mpsc::unbounded_channel::<Vec<u8>>();
        let Self { input, output, .. } = self;
        let mut written = 0_u64;
        let writing = async {
            input.write_all(&first).await?;
            while let Some(line) = lines.recv().await {
                input.write_all(&line).await?;
                written += 1;
            }
            Ok::<_, std::io::Error>(())
        };
        let mut handed_over = 0_u64;
        let send = |answer: ToRun| {
            if let Ok(line) = line(&answer) {
                handed_over += 1;
                sender.send(line).ok();
            }
        };
        let messages = output.map(|text| {
            let text = text.map_err(|error| error.to_string())?;
            serde_json::from_str::<FromRun>(&text).map_err(|error| error.to_string())
        });
        let (end, logs) = tokio::select! {
            ended = attendant.attend(messages, send) => ended,
            Err(error) = writing => (End::Lost(error.to_string()), Vec::new()),
        };
        // An answer that is half in the pipe would be read as the beginning of the next run.
        if handed_over != written {
            self.runs = MOST_RUNS;
        }
        (end, logs)
    }

    fn is_fit(&self) -> bool {
        // Output after the end of a run would be taken for the next run's.
        self.runs < MOST_RUNS
            && self.output.read_buffer().is_empty()
            && self.resident_kb().is_none_or(|kept| kept < MOST_KEPT_KB)
    }

    /// Returns how much memory the worker uses, or nothing where the system does not tell. Reading is immediate:
    /// /proc is not on a disk.
    fn resident_kb(&self) -> Option<u64> {
        let pages = std::fs::read_to_string(format!("/proc/{}/statm", self.child.id()?)).ok()?;
        let resident: u64 = pages.split_whitespace().nth(1)?.parse().ok()?;
        Some(resident * PAGE_KB)
    }

    /// Makes the error for a worker that ended within a run, from its last output and its status.
    async fn why_it_ended(&mut self, why: &str, limits: Limits) -> SandboxError {
        let said = self.last_words().await;
        let status = tokio::select! {
            status = self.child.wait() => status.ok(),
            () = crate::base::clock::real_sleep(Duration::from_secs(1)) => None,
        };
        if said.contains("memory allocation of") || said.contains("out of memory") {
            return SandboxError::thrown(format!("the code used more than {} MB of memory", limits.memory_mb));
        }
        if said.contains("overflowed its stack") {
            return SandboxError::thrown("the code nests too deep: it overflowed the stack");
        }
        if status.is_some_and(ran_out_of_time) {
            return SandboxError::overtime(limits.wall_ms());
        }
        let status = status.map_or_else(|| why.to_owned(), |status| status.to_string());
        SandboxError::thrown(format!("the code ended its sandbox ({status}) {said}").trim_end().to_owned())
    }

    async fn last_words(&mut self) -> String {
        let mut said = Vec::new();
        let mut errors = (&mut self.errors).take(MOST_STDERR_BYTES);
        tokio::select! {
            _ = errors.read_to_end(&mut said) => {}
            () = crate::base::clock::real_sleep(Duration::from_millis(500)) => {}
        }
        String::from_utf8_lossy(&said).trim().to_owned()
    }
}

/// Returns whether the processor-time limit ended the process.
fn ran_out_of_time(status: ExitStatus) -> bool {
    #[cfg(unix)]
    {
        use std::os::unix::process::ExitStatusExt as _;
        const SIGXCPU: i32 = 24;
        status.signal() == Some(SIGXCPU)
    }
    #[cfg(not(unix))]
    {
        let _ = status;
        false
    }
}
