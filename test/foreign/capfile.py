"""Load files out of CAP files."""
import zipfile

from wire import Broken, take, tlv

ORDER = ("Header", "Directory", "Import", "Applet", "Class", "Method", "StaticField", "Export",
         "ConstantPool", "RefLocation")


class CapFile:
    def __init__(self, path):
        with zipfile.ZipFile(path) as z:
            parts = {n.rsplit("/", 1)[-1][:-4]: z.read(n) for n in z.namelist() if n.endswith(".cap")}
        self.data = b"".join(parts[n] for n in ORDER if n in parts)
        header = parts["Header"][3:]
        if header[:4] != bytes.fromhex("DECAFFED"):
            raise Broken("%s is no CAP file" % path)
        self.version = (header[8], header[7])
        self.package = header[10:10 + header[9]]
        self.applets = []
        rest = parts.get("Applet", b"\0\0\0\0")[3:]
        count, rest = take(rest, 1)
        for _ in range(count[0]):
            n, rest = take(rest, 1)
            aid, rest = take(rest, n[0])
            _, rest = take(rest, 2)
            self.applets.append(aid)

    def load_file(self):
        return tlv(0xC4, self.data)
