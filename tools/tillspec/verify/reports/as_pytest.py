"""A finding as a test for pytest, in a file of its own that needs httpx alone."""

from __future__ import annotations

import base64
import gzip
import re
from collections.abc import Iterator, Sequence

from tillspec.verify.reports.recipe import LARGE, Encoded, Pieces, Recipe, Step
from tillspec.verify.reports.secrets import Origin, Part, Spelling, Variable

_KEPT_TARGET = re.compile(r"(?:[\w/~:@!$&'()*+,;=.-]|%[0-9A-F]{2})*(?:\?(?:[\w/~:@!$&()*+,;=.?-]|%[0-9A-F]{2})*)?", re.ASCII)
"""What httpx sends as it stands; anything else is given past it."""

_RAW = '''
def raw(message: bytes) -> httpx.Response:
    """What a server answers to bytes as they are; status 0 where it closes the connection without an answer."""
    url = httpx.URL(URL)
    secure = url.scheme == "https"
    with socket.create_connection((url.host, url.port or (443 if secure else 80)), timeout=10) as connection:
        stream = ssl.create_default_context().wrap_socket(connection, server_hostname=url.host) if secure else connection
        stream.sendall(message)
        try:
            first = stream.makefile("rb").readline().split()
        except OSError:
            first = []
    return httpx.Response(int(first[1]) if len(first) > 1 and first[0].startswith(b"HTTP/") else 0)
'''

_SHAPE = r'''
def shape(answer):
    """JSON without the texts that have digits in them, such as ids and times, which differ each time."""
    return re.sub(r'"(?:[^"\\]|\\.)*"', lambda found: '""' if any(map(str.isdigit, found[0])) else found[0], answer.text)
'''


def as_pytest(recipe: Recipe) -> str:
    """The file. It fails as long as the server answers as it did, and needs the variables that its head names."""
    names = recipe.variables(Origin.ENVIRONMENT)
    body = list(_body(recipe))
    code = "\n".join(body)
    lines = [*_docstring(recipe, names), "", *_imports(code), "", "import httpx", ""]
    lines.append(f'URL = os.environ.get("URL", {_quoted(recipe.url)})')
    lines += [f'{name} = os.environ["{name}"]' for name in names]
    lines += ["", *_RAW.splitlines()] if "raw(" in code else []
    lines += ["", *_SHAPE.splitlines()] if "shape(" in code else []
    name = re.sub(r"\W", "_", recipe.finding.id)
    return "\n".join([*lines, "", "", f"def test_{name}():", *body]) + "\n"


_MODULES = {
    "base64": "base64.",
    "gzip": "gzip.",
    "re": "shape(",
    "socket": "raw(",
    "ssl": "raw(",
    "uuid": "uuid.",
    "urllib.parse": "urllib.",
}


def _imports(code: str) -> list[str]:
    used = sorted(["os", *(module for module, sign in _MODULES.items() if sign in code)])
    pool = ["from concurrent.futures import ThreadPoolExecutor"] if "ThreadPoolExecutor" in code else []
    return [f"import {module}" for module in used] + pool


def _docstring(recipe: Recipe, names: Sequence[str]) -> list[str]:
    finding = recipe.finding
    lines = [
        f"{finding.operation}: {finding.what}", "", f"clause    {finding.clause}", f"expected  {finding.expected}",
        f"observed  {finding.observed}",
    ]  # fmt: skip
    lines += ["", f"It needs {', '.join(names)} in the environment."] if names else []
    lines += [f"{name}: {note}" for name, note in recipe.notes.items()]
    safe = [_literal(line).replace('"""', '\\"\\"\\"') for line in lines]
    return [f'"""{safe[0]}', *safe[1:], '"""']


def _literal(text: str) -> str:
    """A line of a docstring that is nothing but text."""
    shown = "".join(char if char.isprintable() else "\N{REPLACEMENT CHARACTER}" for char in text)
    return shown.replace("\\", "\\\\")


# -- the test ------------------------------------------------------------------------------------------------------------


def _body(recipe: Recipe) -> Iterator[str]:
    for name in recipe.variables(Origin.FRESH):
        yield f"    {name.lower()} = str(uuid.uuid4())"
    yield "    with httpx.Client(base_url=URL, timeout=30) as http:"
    last = len(recipe.steps) - recipe.at_once
    for index, step in enumerate(recipe.steps[:last]):
        name = "before" if index == last - 1 else f"answer_{index + 1}"
        yield from _sent(step, name)
        if step.answer.succeeded:
            yield f"        assert {name}.is_success, {name}.text"
        for capture in step.captures:
            yield f"        {capture.name} = str({name}.json(){_keys(capture.pointer)})"
    if not recipe.steps:
        yield "        pass"
        return
    if recipe.at_once > 1:
        yield from _raced(recipe)
        return
    yield from _sent(recipe.steps[-1], "answer")
    if recipe.claim:
        yield f"    assert {recipe.claim}"


def _raced(recipe: Recipe) -> Iterator[str]:
    steps = recipe.steps[-recipe.at_once :]
    yield "        calls = ["
    for step in steps:
        yield f"            lambda: {_request(step)},"
    yield "        ]"
    yield f"        with ThreadPoolExecutor({len(steps)}) as pool:"
    yield "            answers = list(pool.map(lambda call: call(), calls))"
    yield "    assert len({answer.text for answer in answers if answer.is_success}) == 1"


def _sent(step: Step, name: str) -> Iterator[str]:
    yield f"        {name} = {_request(step)}"


def _request(step: Step) -> str:
    if step.raw is not None:
        head, body = step.raw
        text = expression(head)
        return f"raw({text}.encode('latin-1')" + (f" + {_data(body)})" if body else ")")
    arguments = [repr(step.call.method).replace("'", '"'), *_target(step)]
    if step.headers:
        pairs = ", ".join(f"({_quoted(name)}, {_value(value)})" for name, value in step.headers)
        arguments.append(f"headers=[{pairs}]")
    if isinstance(step.body, bytes):
        arguments.append(f"content={_data(step.body)}")
    elif step.body is not None:
        arguments.append(f"content={expression(step.body)}.encode()")
    return f"http.request({', '.join(arguments)})"


def _value(parts: Pieces) -> str:
    """A header's value; as bytes where it is not ASCII."""
    plain = all(part.isascii() for part in parts if isinstance(part, str))
    return expression(parts) if plain else f'{expression(parts)}.encode("utf-8", "surrogateescape")'


def _target(step: Step) -> list[str]:
    """The URL; one that httpx would write in another way is given past it."""
    text = expression(step.target)
    if _KEPT_TARGET.fullmatch(step.call.target) and not re.search(r"/\.\.?(/|$|\?)|//", step.call.target):
        return [text]
    return ['"/"', f'extensions={{"target": httpx.URL(URL).raw_path.rstrip(b"/") + {text}.encode("utf-8", "surrogateescape")}}']


def _keys(pointer: str) -> str:
    tokens = (token.replace("~1", "/").replace("~0", "~") for token in pointer.split("/")[1:])
    return "".join(f"[{token if token.isdigit() else _quoted(token)}]" for token in tokens)


# -- expressions ---------------------------------------------------------------------------------------------------------


def expression(parts: Pieces) -> str:
    """Pieces as an expression of Python whose value is a text."""
    made = [_term(part) for part in parts] or ['""']
    return made[0] if len(made) == 1 else f"({' + '.join(made)})"


def _term(part: Part | Encoded) -> str:
    if isinstance(part, str):
        return _quoted(part)
    if isinstance(part, Encoded):
        return f"base64.b64encode({expression(part.parts)}.encode()).decode()"
    return _variable(part)


def _variable(part: Variable) -> str:
    name = part.name.lower() if part.origin is Origin.FRESH else part.name
    made = {
        Spelling.URL: f'urllib.parse.quote({name}, safe="")',
        Spelling.BASE64: f"base64.b64encode({name}.encode()).decode()",
        Spelling.UPPER: f"{name}.upper()",
        Spelling.LOWER: f"{name}.lower()",
        Spelling.SWAPPED: f"{name}.swapcase()",
    }.get(part.spelling, name)
    return made if part.start is None else f"{made}[{part.start}:{part.end}]"


def _quoted(text: str) -> str:
    """A literal, in double quotes where that needs no escapes."""
    made = repr(text)
    return f'"{made[1:-1]}"' if made[0] == "'" and '"' not in made and "\\'" not in made else made


def _data(data: bytes) -> str:
    if len(data) > LARGE:
        packed = base64.b64encode(gzip.compress(data, mtime=0)).decode()
        return f'gzip.decompress(base64.b64decode("{packed}"))'
    return repr(data)
