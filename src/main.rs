//! The `membrane-mock` binary: reads the command line and hands over to the library.

fn main() -> std::process::ExitCode {
    membrane_mock::cli::main()
}
