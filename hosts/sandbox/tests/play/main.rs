//! The sandbox as an application sees it: over HTTP, with a clock that stands still until it is put forward.

mod end_to_end;
mod support;
