//! Whether this process can still open files and connections. It is asked before a call is made: once nothing is left, a
//! server that is to take the call can neither take it nor say so, and one that fails to take one may take none again.

use std::os::fd::AsFd as _;

use nix::fcntl::{FcntlArg, fcntl};
use nix::sys::resource::{Resource, getrlimit};

/// A call to an app has so many to itself at least: both its ends, what serves it, and what others open meanwhile.
pub const FOR_CALL: u64 = 16;

/// A client's connection has so many: the socket, and what is opened to say that there is no room for more.
pub const FOR_CLIENT: u64 = 8;

/// Returns whether there is room for so many more.
pub fn has_room(needed: u64) -> bool {
    let Ok((most, _)) = getrlimit(Resource::RLIMIT_NOFILE) else { return true };
    // The system gives the lowest number that is free, so those above it are mostly free too.
    let Ok(next) = fcntl(std::io::stderr().as_fd(), FcntlArg::F_DUPFD_CLOEXEC(0)) else { return false };
    nix::unistd::close(next).ok();
    u64::try_from(next).is_ok_and(|next| next.saturating_add(needed) <= most)
}
