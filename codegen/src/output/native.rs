//! A network in the native format: a safetensors file and its topology.
//!
//! The topology is written first. A run that is killed between the two leaves weights whose own topology is in their metadata: see
//! [`crate::front::safetensors`].

use super::{File, OutputError, check, target, write};
use crate::diag::Diagnostics;
use crate::front::safetensors::{self, Layout, is_written_topology};
use crate::ir::Graph;
use std::fs;
use std::path::{Path, PathBuf};

/// The files of a network to write.
#[derive(Clone, Debug)]
pub struct Native<'a> {
    weights: &'a Path,
    topology: Option<PathBuf>,
}

impl<'a> Native<'a> {
    /// `weights` is NAME.safetensors, and NAME.toml beside it takes the topology; where it is no file but a device or a pipe, the topology
    /// goes into the metadata.
    pub fn new(weights: &'a Path) -> Self {
        Self { weights, topology: target::is_regular(weights).then(|| weights.with_extension("toml")) }
    }

    /// The safetensors file.
    pub fn weights(&self) -> &Path {
        self.weights
    }

    /// The file of the topology; absent where it goes into the metadata.
    pub fn topology(&self) -> Option<&Path> {
        self.topology.as_deref()
    }

    /// Checks, before anything is computed, that the network and the files `also` can be written.
    ///
    /// # Errors
    /// Those that cannot, or a file in the topology's place that tinybake has not written.
    pub fn check(&self, also: &[&Path], inputs: &[PathBuf]) -> Result<(), Diagnostics> {
        let outputs: Vec<&Path> = also.iter().copied().chain(self.topology()).chain([self.weights]).collect();
        check(&outputs, inputs)?;
        if let Some(topology) = self.topology()
            && topology.exists()
            && !fs::read_to_string(topology).is_ok_and(|text| text.is_empty() || is_written_topology(&text))
        {
            return Err(OutputError::Foreign { what: "the topology" }.of(topology).into());
        }
        Ok(())
    }

    /// Writes the network and the files `also` as one set, the weights last.
    ///
    /// # Errors
    /// A graph that the format cannot hold, or files that cannot be written.
    pub fn write(&self, graph: &Graph, layout: Layout, also: &[File<'_>], inputs: &[PathBuf]) -> Result<(), Diagnostics> {
        self.check(&also.iter().map(|file| file.path).collect::<Vec<_>>(), inputs)?;
        let mut files = also.to_vec();
        let (weights, topology);
        match &self.topology {
            Some(path) => {
                (weights, topology) = safetensors::write(graph, layout)?;
                files.push(File { path, bytes: topology.as_bytes() });
            }
            None => weights = safetensors::write_embedded(graph, layout)?,
        }
        files.push(File { path: self.weights, bytes: &weights });
        write(&files, inputs)
    }
}
