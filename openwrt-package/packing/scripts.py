"""The scripts that run when a package is installed, upgraded and removed.

Those of OpenWrt from 23.05 on leave all to `default_postinst` and `default_prerm` of the box, as
the build of OpenWrt writes them. 14.07 has neither: its own are in the folder `scripts-14.07`.
"""

import os

_FUNCTIONS = """[ -s ${IPKG_INSTROOT}/lib/functions.sh ] || exit 0
. ${IPKG_INSTROOT}/lib/functions.sh
"""
_POSTINST = '#!/bin/sh\n[ "${IPKG_NO_SCRIPT}" = "1" ] && exit 0\n' + _FUNCTIONS
_PRERM = "#!/bin/sh\n" + _FUNCTIONS

FOLDER_1407 = os.path.join(os.path.dirname(os.path.dirname(__file__)), "scripts-14.07")


def _body(script):
    return "".join(line for line in script.splitlines(True) if not line.startswith("#!"))


def for_opkg(makefile):
    """By name; the package's own are run by the functions of the box."""
    scripts = {
        "postinst": _POSTINST + "default_postinst $0 $@\n",
        "prerm": _PRERM + "default_prerm $0 $@\n",
    }
    own = {"postinst-pkg": "postinst", "prerm-pkg": "prerm", "preinst": "preinst"}
    own["postrm"] = "postrm"
    for name, what in own.items():
        if makefile.script(what):
            scripts[name] = makefile.script(what)
    return scripts


def for_1407():
    scripts = {}
    for name in sorted(os.listdir(FOLDER_1407)):
        with open(os.path.join(FOLDER_1407, name), encoding="utf-8") as file:
            scripts[name] = file.read()
    return scripts


def for_apk(makefile):
    """By the names of apk, which tells scripts nothing: the package's name is in them."""
    name = f'export root="${{IPKG_INSTROOT}}"\nexport pkgname="{makefile.name}"\n'
    install = _POSTINST + name + "default_postinst\n" + _body(makefile.script("postinst"))
    remove = _PRERM + name + "default_prerm\n" + _body(makefile.script("prerm"))
    upgrade = "#!/bin/sh\nexport PKG_UPGRADE=1\n" + _body(install)
    return {"post-install": install, "post-upgrade": upgrade, "pre-deinstall": remove}
