//! Trunkline's contract. The nesting follows the Protobuf packages, because generated code refers to them by path.
//! `google.rpc` is `tonic_types::pb`.
#![allow(clippy::all, rustdoc::all)]

pub mod google {
    pub mod r#type {
        include!("generated/google.type.rs");
    }
}

pub mod trunkline {
    pub mod v1 {
        include!("generated/trunkline.v1.rs");
    }
}

pub use trunkline::v1;
