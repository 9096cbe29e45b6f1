"""What the feed's Makefile says of the package, so that no list has to be kept twice."""

import re

ASSIGNMENT = re.compile(r"^\s*([A-Za-z_]+)\s*:?=\s*(.*)$")


class MakefileError(Exception):
    """Something that the package needs and the Makefile does not say."""


class Makefile:
    """The variables and definitions of a package's Makefile, as far as packages need them."""

    def __init__(self, text, name):
        self.name = name
        self.blocks = {}
        outside, inside = [], None
        for line in text.replace("\\\n", " ").splitlines():
            if line.startswith("define "):
                inside = line.removeprefix("define ").strip()
                self.blocks[inside] = []
            elif line.startswith("endef"):
                inside = None
            else:
                (self.blocks[inside] if inside else outside).append(line)
        self.variables = dict(_assignments(outside))
        self.variables.update(_assignments(self.blocks.get(f"Package/{name}", [])))

    def value(self, variable, default=None):
        """Without the variables of the build system in it."""
        value = self.variables.get(variable, default)
        if value is None:
            raise MakefileError(f"{variable} is not set")
        return re.sub(r"\s+", " ", re.sub(r"\$\([^()]*\)", "", value)).strip()

    def words(self, variable):
        return self.value(variable, "").replace(",", " ").split()

    def depends(self):
        """The packages that are installed along, whatever the box."""
        found = [word for word in self.words("DEPENDS") if word.startswith("+")]
        return [word.removeprefix("+") for word in found if ":" not in word]

    def block(self, what):
        """The lines of `define Package/NAME/WHAT`."""
        return self.blocks.get(f"Package/{self.name}/{what}", [])

    def script(self, what):
        """A script of the package, or nothing; `$$` of make is `$` of the shell."""
        lines = [line.replace("$$", "$") for line in self.block(what)]
        return "".join(f"{line}\n" for line in lines)


def _assignments(lines):
    for line in lines:
        found = ASSIGNMENT.match(line)
        if found:
            yield found[1], found[2]
