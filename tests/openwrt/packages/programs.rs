//! A program that the boxes of a package cannot run goes into none.

use super::elf::Shape;
use super::{OF_1407, Workshop, filter};

/// What is said of a program that is refused.
fn refused(workshop: &Workshop, architecture: &str, program: &[u8]) -> String {
    let output = workshop.pack(architecture, program);
    assert!(!output.status.success(), "{architecture}");
    assert!(output.stdout.is_empty(), "{:?}", output.stdout);
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(said.lines().count(), 1, "{said}");
    said
}

#[test]
fn b01_a_program_of_another_machine_is_refused() {
    let Some(workshop) = Workshop::new() else {
        return;
    };
    for (architecture, other) in [
        ("mipsel_24kc", "mips_24kc"),
        ("mips_24kc", "mipsel_24kc"),
        ("x86_64", "aarch64_cortex-a53"),
        ("arm_cortex-a7_neon-vfpv4", "x86_64"),
    ] {
        let said = refused(&workshop, architecture, &Shape::fitting(other).program());
        assert!(said.contains(architecture), "{said}");
    }
}

#[test]
fn b01_a_program_that_the_box_could_not_load_is_refused() {
    let Some(workshop) = Workshop::new() else {
        return;
    };
    let fitting = || Shape::fitting("x86_64");
    let glibc = Shape {
        loader: "/lib64/ld-linux-x86-64.so.2",
        ..fitting()
    };
    let said = refused(&workshop, "x86_64", &glibc.program());
    assert!(said.contains("/lib64/ld-linux-x86-64.so.2"), "{said}");
    let more = Shape {
        needed: vec!["libc.so", "libssl.so.1.1"],
        ..fitting()
    };
    let said = refused(&workshop, "x86_64", &more.program());
    assert!(said.contains("libssl.so.1.1"), "{said}");
    let said = refused(&workshop, OF_1407, &Shape::fitting("mipsel_24kc").program());
    assert!(said.contains("static"), "{said}");
    let said = refused(&workshop, "x86_64", b"#!/bin/sh\n");
    assert!(said.contains("ELF"), "{said}");
    let said = refused(&workshop, "riscv64", &fitting().program());
    assert!(said.contains("riscv64"), "{said}");
}

#[test]
fn b01_a_package_needs_only_what_its_program_loads() {
    let Some(workshop) = Workshop::new() else {
        return;
    };
    let depends = |loader, needed: &[&'static str]| {
        let shape = Shape {
            loader,
            needed: needed.to_vec(),
            ..Shape::fitting("aarch64_cortex-a53")
        };
        let output = workshop.pack("aarch64_cortex-a53", &shape.program());
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{errors}");
        let path = String::from_utf8(output.stdout).unwrap();
        let ipk = std::fs::read(path.lines().next().unwrap()).unwrap();
        super::ipk::Ipk::read(&ipk).fields().remove("Depends")
    };
    assert_eq!(depends("", &[]), Some("ca-bundle".to_owned()));
    let loader = "/lib/ld-musl-aarch64.so.1";
    assert_eq!(
        depends(loader, &["libc.so"]),
        Some("libc, ca-bundle".to_owned())
    );
    let all = ["libc.so", "libgcc_s.so.1", "libssl.so.3"];
    assert_eq!(
        depends(loader, &all),
        Some("libc, libopenssl3, ca-bundle".to_owned())
    );
}

/// Without a program, the one is packed that `compile.sh` builds for the boxes.
#[test]
fn b01_each_architecture_gets_the_program_that_is_built_for_it() {
    let Some(workshop) = Workshop::new() else {
        return;
    };
    for (architecture, options, asked) in [
        ("mips_24kc", &[][..], "mips-unknown-linux-musl"),
        (
            "mipsel_24kc",
            &["--static"],
            "mipsel-unknown-linux-musl --static",
        ),
        (OF_1407, &[], "mipsel-unknown-linux-musl --static"),
        (
            "arm_cortex-a7_neon-vfpv4",
            &[],
            "armv7-unknown-linux-musleabihf",
        ),
        ("aarch64_cortex-a53", &[], "aarch64-unknown-linux-musl"),
        ("x86_64", &[], "x86_64-unknown-linux-musl"),
    ] {
        let shape = match options {
            [] => Shape::fitting(architecture),
            _ => Shape {
                loader: "",
                needed: Vec::new(),
                ..Shape::fitting(architecture)
            },
        };
        let built = workshop.folder.file("built", shape.program());
        let log = workshop.folder.join("asked");
        let double = format!("#!/bin/sh\necho \"$*\" >{log:?}\necho {built:?}\n");
        std::fs::write(workshop.folder.join("openwrt-package/compile.sh"), double).unwrap();
        let mut command = workshop.script("package.sh");
        command.args(options).arg(architecture);
        let output = command.output().unwrap();
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{architecture}: {errors}");
        assert_eq!(std::fs::read_to_string(&log).unwrap().trim(), asked);
        let folder = workshop.folder.join("target/packages").join(architecture);
        assert!(folder.is_dir(), "{architecture}");
    }
}

/// Cut off at each length, and with each byte another, a program is taken or refused, no more.
#[test]
fn b01_a_damaged_program_is_refused_with_a_reason() {
    let Some(workshop) = Workshop::new() else {
        return;
    };
    let modules = workshop.folder.join("openwrt-package/packing");
    let trial = format!(
        "import sys; sys.path.insert(0, {modules:?}); sys.dont_write_bytecode = True\n\
         import program\n\
         whole = sys.stdin.buffer.read()\n\
         damaged = [whole[:end] for end in range(len(whole))]\n\
         for at in range(len(whole)):\n\
         \x20   for other in (0, 255, whole[at] ^ 128):\n\
         \x20       damaged.append(whole[:at] + bytes([other]) + whole[at + 1:])\n\
         for data in damaged:\n\
         \x20   try: program.read(data)\n\
         \x20   except program.ProgramError: pass\n\
         print('done')\n"
    );
    for architecture in ["mips_24kc", "x86_64"] {
        let program = Shape::fitting(architecture).program();
        assert_eq!(filter(&["python3", "-c", &trial], &program), b"done\n");
    }
}

#[test]
fn b01_a_program_that_is_not_there_is_named() {
    let Some(workshop) = Workshop::new() else {
        return;
    };
    let mut command = workshop.script("package.sh");
    command.args(["x86_64", "--program", "no where", "--to"]);
    let output = command.arg(workshop.folder.join("made")).output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(!output.status.success());
    assert_eq!(said, "package: no where: no such program\n");
    assert!(!workshop.folder.join("made").exists());
}

/// Nothing is fetched for a build that would fail in its middle.
#[test]
fn b01_a_folder_that_no_compiler_can_name_is_refused() {
    let Some(workshop) = Workshop::new() else {
        return;
    };
    for folder in ["a folder", "a:folder"] {
        let folder = workshop.folder.join(folder);
        let mut command = workshop.script("compile.sh");
        command.arg("no-target").env("CROSS_DIR", &folder);
        let output = command.output().unwrap();
        let said = String::from_utf8(output.stderr).unwrap();
        assert!(!output.status.success());
        assert!(said.contains("set CROSS_DIR"), "{said}");
    }
}
