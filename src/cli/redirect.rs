//! What lets programs with the platform's address written into their source reach this server: a file that Node loads before a
//! program, and one that Python does. Both replace the address where a connection is opened, for the platform's public hosts alone.
//!
//! Invariant: the files are there for as long as the command runs, since whatever it starts loads them too.

use std::ffi::OsString;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};

/// The platform's public hosts that programs call. Source: real-use.
const HOSTS: [&str; 4] = ["api.getmembrane.com", "api.integration.app", "ui.getmembrane.com", "ui.integration.app"];

/// The files, in a folder of their own that goes with this.
#[derive(Debug)]
pub(super) struct Redirect {
    folder: PathBuf,
}

impl Redirect {
    /// Writes the files. The error is a sentence for the user.
    pub(super) fn written() -> Result<Self, String> {
        // Node loads a file only by its absolute path, and an empty `TMPDIR` names no folder.
        let folder = Some(std::env::temp_dir()).filter(|folder| !folder.as_os_str().is_empty());
        let parent = std::path::absolute(folder.unwrap_or_else(|| "/tmp".into()));
        let parent = parent.map_err(|error| format!("there is no folder for temporary files: {error}"))?;
        if parent.to_str().is_none_or(|path| path.contains(':')) {
            return Err(format!("{}: PYTHONPATH cannot name this folder; set another TMPDIR", parent.display()));
        }
        let write = || -> std::io::Result<Self> {
            let redirect = Self { folder: made_in(&parent)? };
            std::fs::DirBuilder::new().mode(0o700).create(redirect.python())?;
            std::fs::write(redirect.node(), include_str!("redirect/redirect.cjs"))?;
            std::fs::write(redirect.python().join("sitecustomize.py"), include_str!("redirect/sitecustomize.py"))?;
            Ok(redirect)
        };
        write().map_err(|error| format!("cannot write what redirects programs: {error}"))
    }

    fn node(&self) -> PathBuf {
        self.folder.join("redirect.cjs")
    }

    fn python(&self) -> PathBuf {
        self.folder.join("python")
    }

    /// The environment of a command that is redirected to an address; `known` reads the present one.
    pub(super) fn environment(
        &self,
        address: &str,
        known: impl Fn(&str) -> Option<OsString>,
    ) -> [(&'static str, OsString); 4] {
        let known = |name: &str| known(name).filter(|value| !value.is_empty());
        let joined = |first: OsString, between: &str, second: OsString| {
            let mut whole = first;
            whole.push(between);
            whole.push(second);
            whole
        };
        let node = OsString::from(format!("--require={}", quoted(&self.node())));
        let python = self.python().into_os_string();
        [
            (
                "NODE_OPTIONS",
                match known("NODE_OPTIONS") {
                    Some(options) => joined(options, " ", node),
                    None => node,
                },
            ),
            (
                "PYTHONPATH",
                match known("PYTHONPATH") {
                    Some(path) => joined(python, ":", path),
                    None => python,
                },
            ),
            ("MEMBRANE_MOCK_REDIRECT_TO", address.into()),
            ("MEMBRANE_MOCK_REDIRECT_HOSTS", HOSTS.join(",").into()),
        ]
    }

    /// The hosts that are redirected; no proxy is asked for them, since clients look there by the name that they call.
    pub(super) fn hosts() -> &'static [&'static str] {
        &HOSTS
    }
}

impl Drop for Redirect {
    fn drop(&mut self) {
        std::fs::remove_dir_all(&self.folder).ok();
    }
}

/// Makes a new folder that only its owner can read.
fn made_in(parent: &Path) -> std::io::Result<PathBuf> {
    let mut number = 0_u64;
    loop {
        let folder = parent.join(format!("membrane-mock-redirect-{}-{number}", std::process::id()));
        match std::fs::DirBuilder::new().mode(0o700).create(&folder) {
            // Processes in other containers may have this number and the same folder.
            Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => number += 1,
            made => return made.map(|()| folder),
        }
    }
}

/// A path as it stands in `NODE_OPTIONS`.
fn quoted(path: &Path) -> String {
    format!("\"{}\"", path.display().to_string().replace('\\', "\\\\").replace('"', "\\\""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_set_already_stays_in_force() {
        let redirect = Redirect { folder: "/no/such \"folder\"".into() };
        let of = |before: &str| {
            let known = |name: &str| Some(OsString::from(format!("{before}{name}"))).filter(|_| !before.is_empty());
            redirect.environment("http://127.0.0.1:1", known).map(|(_, value)| value.into_string().unwrap())
        };
        let [node, python, to, _] = of("");
        assert_eq!(node, r#"--require="/no/such \"folder\"/redirect.cjs""#);
        assert_eq!((python.as_str(), to.as_str()), ("/no/such \"folder\"/python", "http://127.0.0.1:1"));
        let [node, python, ..] = of("x-");
        assert!(
            node.starts_with("x-NODE_OPTIONS --require=") && python.ends_with("/python:x-PYTHONPATH"),
            "{node} {python}"
        );
    }
}
