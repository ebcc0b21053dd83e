//! Of what a table was made, and where its rows are in that: kept with the body that is the table, filled
//! while it is made, asked when a cell is looked at. A leaf, so that bodies know nothing of derivations.

use std::sync::{Mutex, PoisonError};

use crate::codec::recipe::maker::RowMark;
use crate::model::id::BodyId;
use crate::model::recipe::Derivation;
use crate::model::view::ViewPart;

/// See the module.
#[derive(Debug)]
pub(super) struct TableRows {
    /// The body it was made of, and how that is read.
    pub(super) source: BodyId,
    pub(super) part: ViewPart,
    pub(super) from: u64,
    pub(super) content_type: Option<String>,
    marks: Mutex<Marks>,
}

#[derive(Debug, Default)]
struct Marks {
    columns: Vec<String>,
    /// In order; one for each block that was read.
    list: Vec<RowMark>,
}

impl TableRows {
    /// Nothing is known yet of what is made by this order.
    pub(super) fn of(order: &Derivation) -> Self {
        TableRows {
            source: order.body,
            part: order.part,
            from: order.from,
            content_type: order.content_type.clone(),
            marks: Mutex::default(),
        }
    }

    /// Its rows were passed there.
    pub(super) fn passed(&self, marks: Vec<RowMark>, columns: &[String]) {
        let mut known = self.marks.lock().unwrap_or_else(PoisonError::into_inner);
        if known.columns.is_empty() {
            known.columns = columns.to_vec();
        }
        known.list.extend(marks);
    }

    /// The last mark before a byte of the table, and the columns.
    pub(super) fn before(&self, at: u64) -> Option<(RowMark, Vec<String>)> {
        let marks = self.marks.lock().unwrap_or_else(PoisonError::into_inner);
        let next = marks.list.partition_point(|mark| mark.made <= at);
        let mark = *marks.list.get(next.checked_sub(1)?)?;
        Some((mark, marks.columns.clone()))
    }
}
