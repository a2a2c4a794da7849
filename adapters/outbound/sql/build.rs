//! The migrations are part of the program; without this a new file would not be noticed.

fn main() {
    println!("cargo:rerun-if-changed=migrations");
}
