//! What becomes of an envelope on its way.

use cwmpd::soap::*;

/// What the other side must find: the oldest version of the namespace, the header elements and the
/// fault codes that the version has.
pub fn as_read(sent: &Envelope) -> Envelope {
    let mut read = sent.clone();
    read.version = sent.version.min(CwmpVersion::V1_2);
    if sent.version < CwmpVersion::V1_3 {
        read.header.session_timeout = None;
    }
    if sent.version < CwmpVersion::V1_4 {
        read.header.supported_cwmp_versions.clear();
        read.header.use_cwmp_version = None;
    }
    let coarse = |code: &mut u32| {
        if sent.version == CwmpVersion::V1_0 && (9014..=9020).contains(code) {
            *code = 9010;
        }
    };
    // White space around a path is layout.
    let trim = |path: &mut String| *path = path.trim_ascii().to_owned();
    match &mut read.body {
        Message::Fault(fault) => {
            coarse(&mut fault.code);
            // Without a detail and a CWMP header nothing tells the version.
            if fault.code == 0
                && read.header.id.is_none()
                && !read.header.hold_requests
                && read.header.session_timeout.is_none()
                && read.header.supported_cwmp_versions.is_empty()
                && read.header.use_cwmp_version.is_none()
            {
                read.version = CwmpVersion::V1_2;
            }
        }
        Message::GetParameterValues {
            parameter_names: names,
        }
        | Message::GetParameterAttributes {
            parameter_names: names,
        } => names.iter_mut().for_each(trim),
        Message::GetParameterNames {
            parameter_path: path,
            ..
        }
        | Message::AddObject {
            object_name: path, ..
        }
        | Message::DeleteObject {
            object_name: path, ..
        } => trim(path),
        Message::SetParameterValues { parameter_list, .. }
        | Message::GetParameterValuesResponse { parameter_list } => {
            parameter_list.iter_mut().for_each(|p| trim(&mut p.name));
        }
        Message::SetParameterAttributes { parameter_list } => {
            parameter_list.iter_mut().for_each(|p| trim(&mut p.name));
        }
        Message::Inform(inform) => {
            inform
                .parameter_list
                .iter_mut()
                .for_each(|p| trim(&mut p.name));
        }
        Message::TransferComplete(t) => coarse(&mut t.fault.code),
        Message::AutonomousTransferComplete(t) => coarse(&mut t.fault.code),
        Message::DUStateChangeComplete { results, .. } => {
            results.iter_mut().for_each(|r| coarse(&mut r.fault.code))
        }
        Message::AutonomousDUStateChangeComplete { results } => {
            let codes = results.iter_mut().map(|r| &mut r.result.fault.code);
            codes.for_each(coarse);
        }
        _ => {}
    }
    read
}
