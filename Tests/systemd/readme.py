#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""readme.py README HOST CLONE: runs the console blocks of README that are marked `systemd`, and compares their output.

Commands below deploy/ run here, in the working tree; packages that they make are put into CLONE/.build/package. All others run in the machine that HOST boots, as the user of
README_USER, who may use sudo. CLONE is that user's directory there. Prints a line per command, as `check` in ./common.
"""
import glob
import os
import re
import subprocess
import sys


def blocks(document):
    """The lines of each marked block, with the number of its first one."""
    found, lines, is_comment = None, [], False
    for number, line in enumerate(document.split("\n"), 1):
        if found is None and (is_comment or line.startswith("<!--")):
            is_comment = "-->" not in line
        elif found is None and re.match(r"```console systemd$", line):
            found, lines = number + 1, []
        elif found is not None and line.startswith("```"):
            yield found, lines
            found = None
        elif found is not None:
            lines.append(line)


def commands(document):
    """(line, command, output) of each command."""
    for first, lines in blocks(document):
        current = None
        for number, line in enumerate(lines, first):
            if line.startswith("$ "):
                if current:
                    yield current
                current = (number, line[2:], [])
            elif current is None:
                raise SystemExit(f"README:{number}: output without a command")
            else:
                current[2].append(line)
        if current:
            yield current


def normalised(line):
    for pattern, name in (
        (r"\x1b\[[0-9;?]*[A-Za-z]", ""),
        (r"\d{4}-\d\d-\d\d[T ]\d\d[:-]\d\d([:-]\d\d(\.\d+)?)?Z?", "TIME"),
        (r"\d[\d,.]*\s?(ns|µs|ms|s)\b", "DURATION"),
        (r"\d[\d,.]* (B|KiB|MiB|GiB)\b", "SIZE"),
        (r"\d[\d,]* (article|index entr(y|ie)|change)s?\b", r"N \1"),
        (r"\(the group .*?\)|group \d+", "GROUP"),
        (r"\s+", " "),
    ):
        line = re.sub(pattern, name, line)
    return line.strip()


def matches(shown, printed):
    if not shown:
        return not printed
    if shown[0] == "...":
        return any(matches(shown[1:], printed[skipped:]) for skipped in range(len(printed) + 1))
    return bool(printed) and shown[0] == printed[0] and matches(shown[1:], printed[1:])


def run(command, host, clone):
    if command.startswith("deploy/"):
        done = subprocess.run(
            ["bash", "-c", command], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        packages = glob.glob(".build/package/*.deb")
        if packages:
            subprocess.run([host, "put", *packages, f"{clone}/.build/package"], check=True)
            subprocess.run([host, "run", "chown", "-R", f"{os.environ['README_USER']}:", clone], check=True)
    else:
        user = os.environ["README_USER"]
        # A new login for each command: a group that an earlier one gave counts.
        done = subprocess.run(
            [host, "run", "setpriv", "--reuid", user, "--regid", user, "--init-groups", "env", f"USER={user}",
             "LC_ALL=C.UTF-8", "bash", "-c", f"cd '{clone}' && {command}"],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    return done.returncode, done.stdout.decode(errors="replace").replace("\r", "\n").split("\n")


def main():
    readme, host, clone = sys.argv[1:]
    os.chdir(os.path.dirname(os.path.abspath(readme)))
    failed = total = 0
    with open(readme, encoding="utf-8") as file:
        document = file.read()
    for line, command, output in commands(document):
        total += 1
        status, printed = run(command, host, clone)
        while printed and not printed[-1]:
            printed.pop()
        if status == 0 and matches([normalised(each) for each in output], [normalised(each) for each in printed]):
            print(f"ok      README:{line} {command}", flush=True)
        else:
            failed += 1
            shown = " | ".join(printed)[-600:]
            print(f"FAILED  README:{line} {command}: wanted {output}, got ({status}): {shown}", flush=True)
    print(f"{total - failed} {failed}")
    return failed > 0 or total == 0


if __name__ == "__main__":
    sys.exit(main())
