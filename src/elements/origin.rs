//! Where in a file of a seed or archive something stands, for errors.

/// The place of an element: a file, and the names and indexes that lead to it there.
#[derive(Debug, Clone, Default)]
pub struct Origin {
    pub(crate) file: String,
    pub(crate) at: Vec<PathStep>,
}

/// One step into a document: into a field or an item of a list.
#[derive(Debug, Clone)]
pub(crate) enum PathStep {
    Field(String),
    Item(usize),
}

impl Origin {
    /// The place of a field of what stands here.
    pub(crate) fn field(&self, name: &str) -> Self {
        let mut below = self.clone();
        below.at.push(PathStep::Field(name.to_owned()));
        below
    }
}
