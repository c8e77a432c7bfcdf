//! How far long work is, on a terminal: one line that is written over, and gone when the work is over.

use std::io::{IsTerminal as _, Write as _};

use crate::base::work::{Listener, Step};

/// Who shows it on standard error; nobody, where that is no terminal.
pub(super) fn on_terminal() -> Listener {
    if !std::io::stderr().is_terminal() {
        return Listener::default();
    }
    Listener::new(|step| {
        let mut terminal = std::io::stderr().lock();
        write!(terminal, "{}", line(step)).ok();
        terminal.flush().ok();
    })
}

/// What is written of a step. Whatever else is printed is written over it, because the cursor goes back.
fn line(Step { doing, parts, done, of }: Step) -> String {
    const CLEARED: &str = "\r\x1b[K";
    if done == of { CLEARED.to_owned() } else { format!("{CLEARED}{doing} {done} of {of} {parts}\r") }
}
