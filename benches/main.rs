//! What the fake costs, beside a floor in the same run: this machine at this moment.
//!
//! `cargo bench` prints all figures, `cargo bench -- sandbox` those of one part, `cargo bench -- growth` what calls cost
//! beside what a workspace holds, and `cargo bench -- soak` what a server holds after much use. Times are wall time per call over one
//! keep-alive connection, one caller; CPU is the server's own user and system time per call, so that the caller's cost
//! and other programs on the machine stay out (snippets run in processes of their own, which are not counted).

#![expect(clippy::print_stdout, reason = "a benchmark prints its figures")]
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a benchmark that cannot run shall say so at once")]
#![expect(clippy::disallowed_methods, reason = "a benchmark measures real time")]
#![expect(clippy::cast_precision_loss, reason = "figures for people")]

mod growth;
mod sandbox;
mod server;
mod soak;
mod support;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).filter(|argument| argument != "--bench").collect();
    // The floor runs in a process of its own, as the fake does, so that their CPU times can be told apart.
    if arguments.iter().any(|argument| argument == "--hello") {
        server::hello();
        return;
    }
    let wanted = |part: &str| arguments.is_empty() || arguments.iter().any(|argument| argument == part);
    if wanted("server") {
        server::run();
    }
    if wanted("sandbox") {
        sandbox::run();
    }
    if wanted("growth") {
        growth::run();
    }
    // It measures no call, and takes long.
    if arguments.iter().any(|argument| argument == "soak") {
        soak::run();
    }
}
