//! This module runs a snippet on a thread of this process; the sandbox uses it when it has no worker binary. The docs
//! of [`super`] say what a thread cannot contain.

use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::Duration;

use serde_json::value::RawValue;
use tokio::sync::mpsc::UnboundedSender;
use tokio::sync::oneshot;

use crate::base::clock::monotonic;
use crate::sandbox::protocol::{FromRun, Task, ToRun};
use crate::sandbox::runtime::{HostGone, Port, Prepared};

/// Parsing recurses, so it needs far more stack than a thread has by default. Memory pages are taken only when touched.
const STACK_BYTES: usize = 512 * 1024 * 1024;

struct Channels {
    to_host: UnboundedSender<FromRun>,
    answers: Receiver<ToRun>,
}

impl Port for Channels {
    fn send(&mut self, message: FromRun) -> Result<(), HostGone> {
        self.to_host.send(message).map_err(|_| HostGone)
    }

    fn answer(&mut self, wait: Duration) -> Result<Option<(u64, Box<RawValue>)>, HostGone> {
        match self.answers.recv_timeout(wait) {
            Ok(ToRun::Answer { id, answer }) => Ok(Some((id, answer))),
            Ok(ToRun::Run(_)) | Err(RecvTimeoutError::Timeout) => Ok(None),
            Err(RecvTimeoutError::Disconnected) => Err(HostGone),
        }
    }

    fn host_left(&self) -> bool {
        self.to_host.is_closed()
    }

    fn can_be_killed(&self) -> bool {
        false
    }
}

/// Starts a run, whose last message is [`FromRun::Done`]. The returned channel closes when the thread ends, which may
/// be long after anybody waits for it.
pub(super) fn start(
    task: Task,
    to_host: UnboundedSender<FromRun>,
    answers: Receiver<ToRun>,
) -> std::io::Result<oneshot::Receiver<()>> {
    let (alive, over) = oneshot::channel::<()>();
    let begun = monotonic();
    let run = move || {
        let _alive = alive;
        let port = Box::new(Channels { to_host: to_host.clone(), answers });
        let result = match Prepared::new(port) {
            Ok(mut prepared) => {
                let result = prepared.run(&task, begun);
                prepared.discard();
                result
            }
            Err(error) => Err(error),
        };
        to_host.send(FromRun::Done(result)).ok();
    };
    std::thread::Builder::new().name("sandbox".into()).stack_size(STACK_BYTES).spawn(run)?;
    Ok(over)
}
