//! The data model: what the ACS sees of the box (TR-106, TR-181).
//!
//! * [`row`] and [`csv`] read and write the 15-column rows that describe parameters and keep their
//!   state.
//! * [`types`] are the TR-106 types with their ranges; [`expr`] is column 15 of computed rows,
//!   [`filter`] that of rows with a source.
//! * [`schema`] is the description, built once from the rows; [`state`] what differs from it, by
//!   [`key`], with the [`instances`] of each table; [`model`] is both together, the living tree:
//!   instances, values, attributes, changes.
//! * [`source`] is the trait through which the rooms above supply live values.
//! * [`store`] keeps what must survive a power cut; it alone touches the disk, through [`disk`].
//! * [`stub`] is the text form of `DeviceInterfaceStubFile`.

pub mod csv;
pub mod disk;
pub mod expr;
pub mod filter;
pub mod instances;
pub mod key;
pub mod model;
pub mod row;
pub mod schema;
pub mod source;
pub mod state;
pub mod store;
pub mod stub;
pub mod types;
