//! The calls that are not answered yet, for which `server.rs` waits when it stops. Invariant: each of them is answered, and
//! its answer written, before a server ends.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use tokio::sync::Notify;

use crate::base::clock::real_sleep;

/// The thread of a connection writes an answer just after it took the answer's last part, and tells nobody when it has: a
/// process that ended in between would cut it off.
const LAST_WRITES: Duration = Duration::from_millis(100);

/// The calls that are not answered yet, so that a server can wait for them before it ends.
#[derive(Debug, Default)]
pub struct UnderWay {
    calls: AtomicUsize,
    /// Whether somebody waits for the last of them.
    is_ending: AtomicBool,
    answered: Notify,
}

/// One call among them; dropping it says that it is answered.
pub(super) struct OneUnderWay(Arc<UnderWay>);

impl UnderWay {
    pub(super) fn begin(self: &Arc<Self>) -> OneUnderWay {
        self.calls.fetch_add(1, Ordering::SeqCst);
        OneUnderWay(Arc::clone(self))
    }

    /// Waits until no call is under way, and until what was handed on last is written.
    pub async fn ended(&self) {
        self.is_ending.store(true, Ordering::SeqCst);
        let mut has_waited = false;
        loop {
            let mut answered = std::pin::pin!(self.answered.notified());
            answered.as_mut().enable();
            if self.calls.load(Ordering::SeqCst) == 0 {
                break;
            }
            has_waited = true;
            answered.await;
        }
        if has_waited {
            real_sleep(LAST_WRITES).await;
        }
    }
}

impl Drop for OneUnderWay {
    fn drop(&mut self) {
        self.0.calls.fetch_sub(1, Ordering::SeqCst);
        if self.0.is_ending.load(Ordering::SeqCst) {
            self.0.answered.notify_waiters();
        }
    }
}
