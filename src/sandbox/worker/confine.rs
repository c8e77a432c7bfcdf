//! This module drops what a worker does not need before it runs anything: descriptors, memory,
//! files, the network, children.
//!
//! Limits of the process (`setrlimit`), the parent-death signal and a system-call filter (seccomp) can be had without
//! root; namespaces are not needed beside a filter that has no `open`, `socket` or `clone`. The filter lists what the
//! allocator, the clock and the two pipes need; everything else fails with EPERM.

use std::collections::BTreeMap;

use nix::sys::resource::{Resource, setrlimit};
use nix::sys::signal::Signal;
use nix::time::{ClockId, clock_gettime};
use seccompiler::{
    BpfProgram, SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition, SeccompFilter, SeccompRule,
};

const NO_FILE: u64 = u32::MAX as u64;
const SECONDS_BEYOND: u64 = 2;

/// Confines this process with all its threads, and returns whether the kernel filters its system calls. It ends the
/// process when a limit cannot be set.
pub(super) fn confine(memory_mb: u64, parent: u32) -> bool {
    if nix::sys::prctl::set_pdeathsig(Signal::SIGKILL).is_err() || nix::unistd::getppid().as_raw() != pid(parent) {
        // The parent has died meanwhile, or the worker would outlive it.
        std::process::exit(1);
    }
    close_inherited();
    let used = virtual_bytes();
    // From here on /proc tells this process nothing about itself.
    nix::sys::prctl::set_dumpable(false).ok();
    let most = used + memory_mb * 1024 * 1024;
    for (resource, limit) in [
        (Resource::RLIMIT_CORE, 0),
        (Resource::RLIMIT_FSIZE, 0),
        (Resource::RLIMIT_NPROC, 0),
        (Resource::RLIMIT_AS, most),
    ] {
        if setrlimit(resource, limit, limit).is_err() {
            std::process::exit(1);
        }
    }
    filter().is_some_and(|program| seccompiler::apply_filter_all_threads(&program).is_ok())
}

/// Lets the processor time of all runs together grow by the next run's limit and a little more.
pub(super) fn allow_processor_time(limit_ms: u64) {
    let used = clock_gettime(ClockId::CLOCK_PROCESS_CPUTIME_ID).map_or(0, |used| used.tv_sec());
    let most = u64::try_from(used).unwrap_or(0) + limit_ms.div_ceil(1_000) + SECONDS_BEYOND;
    setrlimit(Resource::RLIMIT_CPU, most, nix::sys::resource::RLIM_INFINITY).ok();
}

fn pid(parent: u32) -> i32 {
    i32::try_from(parent).unwrap_or(-1)
}

/// Closes every descriptor that the server had open, except stdin, stdout and stderr.
fn close_inherited() {
    let Ok(entries) = std::fs::read_dir("/proc/self/fd") else { return };
    let open: Vec<i32> =
        entries.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok()).filter(|fd| *fd > 2).collect();
    for fd in open {
        // The descriptor of the listing itself is closed already.
        nix::unistd::close(fd).ok();
    }
}

fn virtual_bytes() -> u64 {
    let pages = std::fs::read_to_string("/proc/self/statm").ok();
    let pages = pages.and_then(|text| text.split_whitespace().next()?.parse::<u64>().ok());
    pages.unwrap_or(0) * 4096
}

fn only(argument: u8, values: &[u64]) -> Option<Vec<SeccompRule>> {
    values
        .iter()
        .map(|value| {
            let condition = SeccompCondition::new(argument, SeccompCmpArgLen::Dword, SeccompCmpOp::Eq, *value).ok()?;
            SeccompRule::new(vec![condition]).ok()
        })
        .collect()
}

fn filter() -> Option<BpfProgram> {
    let anywhere = [
        libc::SYS_munmap,
        libc::SYS_mremap,
        libc::SYS_mprotect,
        libc::SYS_madvise,
        libc::SYS_brk,
        libc::SYS_futex,
        libc::SYS_sched_yield,
        libc::SYS_clock_gettime,
        libc::SYS_clock_nanosleep,
        libc::SYS_getrandom,
        libc::SYS_gettid,
        libc::SYS_getpid,
        libc::SYS_tgkill,
        libc::SYS_rt_sigaction,
        libc::SYS_rt_sigprocmask,
        libc::SYS_rt_sigreturn,
        libc::SYS_sigaltstack,
        libc::SYS_restart_syscall,
        libc::SYS_exit,
        libc::SYS_exit_group,
    ];
    let mut rules: BTreeMap<i64, Vec<SeccompRule>> = anywhere.into_iter().map(|call| (call, Vec::new())).collect();
    rules.insert(libc::SYS_read, only(0, &[0])?);
    rules.insert(libc::SYS_write, only(0, &[1, 2])?);
    rules.insert(libc::SYS_writev, only(0, &[1, 2])?);
    // The call may map memory, not files.
    rules.insert(libc::SYS_mmap, only(4, &[NO_FILE])?);
    // The call may read and set only the process's own limits.
    rules.insert(libc::SYS_prlimit64, only(0, &[0])?);
    let architecture = std::env::consts::ARCH.try_into().ok()?;
    let refuse = SeccompAction::Errno(u32::try_from(libc::EPERM).ok()?);
    let filter = SeccompFilter::new(rules, refuse, SeccompAction::Allow, architecture).ok()?;
    BpfProgram::try_from(filter).ok()
}
