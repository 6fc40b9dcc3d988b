//! Tells the compiler where the built site is, and when to look at embedded files again.

use std::{env, error::Error, path::Path};

fn main() -> Result<(), Box<dyn Error>> {
    let workspace = Path::new(&env::var("CARGO_MANIFEST_DIR")?).join("../..").canonicalize()?;
    // Without `..` in it: the site may be built after the server was compiled, and a debug build finds its files then
    // only by a path that is already absolute.
    println!("cargo::rustc-env=SITE_FOLDER={}", workspace.join("dist").display());
    // A macro embeds the migrations; cargo does not see which files it read.
    println!("cargo::rerun-if-changed=../../migrations");
    // Release builds embed the site. Others read it at the start, and need not compile again for it.
    if env::var("PROFILE")? == "release" {
        println!("cargo::rerun-if-changed=../../dist");
    }
    Ok(())
}
