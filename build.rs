//! Puts the fixtures into the binary: writes a list of their paths and texts, for `src/world/embedded.rs`.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs, io};

fn main() -> io::Result<()> {
    println!("cargo:rerun-if-changed=fixtures");
    let mut list = String::new();
    for (name, folder) in [("DEMO", "demo"), ("SCENARIOS", "scenarios")] {
        let root = Path::new("fixtures").join(folder);
        let mut files = Vec::new();
        collect(&root, &mut files)?;
        files.sort();
        writeln!(list, "pub(crate) static {name}: &[(&str, &str)] = &[").map_err(io::Error::other)?;
        for file in files {
            let path = file.strip_prefix(&root).map_err(io::Error::other)?.to_string_lossy().replace('\\', "/");
            let text = format!("include_str!(concat!(env!(\"CARGO_MANIFEST_DIR\"), \"/fixtures/{folder}/{path}\"))");
            writeln!(list, "    ({path:?}, {text}),").map_err(io::Error::other)?;
        }
        list.push_str("];\n");
    }
    let out = env::var_os("OUT_DIR").map(PathBuf::from).ok_or_else(|| io::Error::other("OUT_DIR is not set"))?;
    fs::write(out.join("fixtures.rs"), list)
}

/// Collects the fixtures below a folder, and no file that an editor leaves there.
fn collect(at: &Path, files: &mut Vec<PathBuf>) -> io::Result<()> {
    for entry in fs::read_dir(at)? {
        let path = entry?.path();
        if path.is_dir() {
            collect(&path, files)?;
        } else if path.extension().is_some_and(|extension| extension == "yaml" || extension == "json") {
            files.push(path);
        }
    }
    Ok(())
}
