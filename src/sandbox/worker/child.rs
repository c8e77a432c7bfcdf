//! This module is the worker's own side, `membrane-mock js-worker`: it reads tasks from stdin and writes messages to
//! stdout. Invariant: it confines itself before it runs a task, and each task gets a fresh context.

use std::io::{BufRead as _, Read as _, Write as _};
use std::process::ExitCode;
use std::rc::Rc;
use std::sync::mpsc::{Receiver, RecvError, RecvTimeoutError, channel};
use std::time::Duration;

use serde_json::value::RawValue;

use crate::base::clock::monotonic;
use crate::sandbox::protocol::{FromRun, LONGEST_LINE, ToRun, line};
use crate::sandbox::runtime::{HostGone, Port, Prepared};
use crate::sandbox::{SandboxError, runtime};

/// The binary is called with this word to act as a worker.
pub(super) const SUBCOMMAND: &str = "js-worker";
/// Memory pages are taken only when touched; an overflow ends this process and nothing else.
const STACK_BYTES: usize = 256 * 1024 * 1024;
/// A worker that has been without work for so long parses what the next snippet may need. It is longer than the pause
/// between snippets that run one after the other.
const IDLE: Duration = Duration::from_millis(20);

/// Runs snippets until stdin ends. `arguments` are the memory limit in megabytes and the parent's process id;
/// it fails when they are missing.
pub fn main(arguments: &[String]) -> ExitCode {
    let memory_mb = arguments.first().and_then(|text| text.parse().ok());
    let parent = arguments.get(1).and_then(|text| text.parse().ok());
    let (Some(memory_mb), Some(parent)) = (memory_mb, parent) else { return ExitCode::FAILURE };
    let (sender, inbox) = channel();
    let runner = std::thread::Builder::new()
        .name("runner".into())
        .stack_size(STACK_BYTES)
        .spawn(move || serve(&Rc::new(inbox), memory_mb, parent));
    if runner.is_err() {
        return ExitCode::FAILURE;
    }
    let mut stdin = std::io::stdin().lock();
    let mut text = Vec::new();
    loop {
        text.clear();
        let longest = u64::try_from(LONGEST_LINE).unwrap_or(u64::MAX);
        let read = (&mut stdin).take(longest).read_until(b'\n', &mut text);
        let message = match read {
            // The end of input ends the process, whatever the runner is doing.
            Ok(0) | Err(_) => std::process::exit(0),
            Ok(_) => serde_json::from_slice::<ToRun>(&text),
        };
        if message.ok().and_then(|message| sender.send(message).ok()).is_none() {
            std::process::exit(1);
        }
    }
}

/// Confines the process, then runs one task after the other, each in a context that was made before the task came.
fn serve(inbox: &Rc<Receiver<ToRun>>, memory_mb: u64, parent: u32) {
    #[cfg(target_os = "linux")]
    let filtered = crate::sandbox::worker::confine::confine(memory_mb, parent);
    #[cfg(not(target_os = "linux"))]
    let filtered = {
        let _ = (memory_mb, parent);
        false
    };
    let mut ready = Prepared::new(port(inbox));
    if write(&FromRun::Ready { filtered }).is_err() {
        return;
    }
    loop {
        let task = match next(inbox, &mut ready) {
            Ok(ToRun::Run(task)) => task,
            Ok(ToRun::Answer { .. }) => continue,
            Err(_) => return,
        };
        #[cfg(target_os = "linux")]
        crate::sandbox::worker::confine::allow_processor_time(task.limit_ms);
        let (result, used) = match ready {
            Ok(mut prepared) => (prepared.run(&task, monotonic()), Some(prepared)),
            Err(error) => (Err(error), None),
        };
        if write(&FromRun::Done(result)).is_err() {
            return;
        }
        // Nobody waits while the old context is dropped and the next one is made.
        if let Some(used) = used {
            used.discard();
            // Garbage is collected now, while nothing else lives; later it would take longer
            // and make the next snippet wait.
            runtime::collect_garbage();
        }
        ready = Prepared::new(port(inbox));
    }
}

/// Returns the next message. While it waits, it parses files for the waiting context, one at a time.
fn next(inbox: &Receiver<ToRun>, ready: &mut Result<Prepared, SandboxError>) -> Result<ToRun, RecvError> {
    if let Ok(message) = inbox.recv_timeout(IDLE) {
        return Ok(message);
    }
    while ready.as_mut().is_ok_and(Prepared::warm_up) {
        if let Ok(message) = inbox.try_recv() {
            return Ok(message);
        }
    }
    inbox.recv()
}

fn port(inbox: &Rc<Receiver<ToRun>>) -> Box<dyn Port> {
    Box::new(Pipes { inbox: Rc::clone(inbox) })
}

struct Pipes {
    inbox: Rc<Receiver<ToRun>>,
}

impl Port for Pipes {
    fn send(&mut self, message: FromRun) -> Result<(), HostGone> {
        write(&message).map_err(|_| HostGone)
    }

    fn answer(&mut self, wait: Duration) -> Result<Option<(u64, Box<RawValue>)>, HostGone> {
        match self.inbox.recv_timeout(wait) {
            Ok(ToRun::Answer { id, answer }) => Ok(Some((id, answer))),
            Ok(ToRun::Run(_)) | Err(RecvTimeoutError::Timeout) => Ok(None),
            Err(RecvTimeoutError::Disconnected) => Err(HostGone),
        }
    }

    fn host_left(&self) -> bool {
        // The parent kills a worker when nobody waits for its run.
        false
    }

    fn can_be_killed(&self) -> bool {
        true
    }
}

fn write(message: &FromRun) -> std::io::Result<()> {
    let line = line(message)?;
    let mut stdout = std::io::stdout().lock();
    stdout.write_all(&line)?;
    stdout.flush()
}
