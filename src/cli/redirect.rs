//! What lets programs with the platform's address written into their source reach this server: a file that Node loads before a
//! program, and one that Python does. Both replace the address where a connection is opened, for the platform's public hosts alone.
//!
//! Invariant: the files are there for as long as the command runs, since whatever it starts loads them too.

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
        let name = format!("membrane-mock-redirect-{}", std::process::id());
        // Node loads a file only by its absolute path, and an empty `TMPDIR` names no folder.
        let folder = Some(std::env::temp_dir()).filter(|folder| !folder.as_os_str().is_empty());
        let folder = std::path::absolute(folder.unwrap_or_else(|| "/tmp".into()));
        let folder = folder.map_err(|error| format!("there is no folder for temporary files: {error}"))?.join(name);
        if folder.to_str().is_none_or(|path| path.contains(':')) {
            return Err(format!("{}: PYTHONPATH cannot name this folder; set another TMPDIR", folder.display()));
        }
        let redirect = Self { folder };
        let write = || -> std::io::Result<()> {
            // One that is there already is of a process that was killed, and had the same number.
            std::fs::remove_dir_all(&redirect.folder).or_else(|error| match error.kind() {
                std::io::ErrorKind::NotFound => Ok(()),
                _ => Err(error),
            })?;
            let mut builder = std::fs::DirBuilder::new();
            builder.mode(0o700).create(&redirect.folder)?;
            builder.create(redirect.python())?;
            std::fs::write(redirect.node(), include_str!("redirect/redirect.cjs"))?;
            std::fs::write(redirect.python().join("sitecustomize.py"), include_str!("redirect/sitecustomize.py"))
        };
        write().map_err(|error| format!("cannot write what redirects programs: {error}"))?;
        Ok(redirect)
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
        known: impl Fn(&str) -> Option<String>,
    ) -> [(&'static str, String); 4] {
        let known = |name: &str| known(name).filter(|value| !value.is_empty());
        let node = format!("--require={}", quoted(&self.node()));
        let python = self.python().display().to_string();
        [
            ("NODE_OPTIONS", known("NODE_OPTIONS").map_or_else(|| node.clone(), |options| format!("{options} {node}"))),
            ("PYTHONPATH", known("PYTHONPATH").map_or_else(|| python.clone(), |path| format!("{python}:{path}"))),
            ("MEMBRANE_MOCK_REDIRECT_TO", address.to_owned()),
            ("MEMBRANE_MOCK_REDIRECT_HOSTS", HOSTS.join(",")),
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
        let of = |known: &str| {
            redirect
                .environment("http://127.0.0.1:1", |name| Some(format!("{known}{name}")).filter(|_| !known.is_empty()))
        };
        let [(_, node), (_, python), (_, to), _] = of("");
        assert_eq!(node, r#"--require="/no/such \"folder\"/redirect.cjs""#);
        assert_eq!((python.as_str(), to.as_str()), ("/no/such \"folder\"/python", "http://127.0.0.1:1"));
        let [(_, node), (_, python), ..] = of("x-");
        assert!(
            node.starts_with("x-NODE_OPTIONS --require=") && python.ends_with("/python:x-PYTHONPATH"),
            "{node} {python}"
        );
    }
}
