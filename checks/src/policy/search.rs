//! The region search: what a document says of every request of a class.
