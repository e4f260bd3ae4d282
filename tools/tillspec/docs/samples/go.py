"""A request as a program of Go, by `net/http`."""

from __future__ import annotations

from collections.abc import Iterator

from tillspec.docs.samples.quoting import go as quoted
from tillspec.docs.samples.request import Basic, Environment, Fresh, Header, Payload, Sample


def go(sample: Sample) -> str:
    """The request for `net/http`."""
    payload = sample.payload
    body = list(_body(payload)) if payload else []
    reader = "&body" if payload and payload.kind == "multipart" else "body" if payload else "nil"
    lines = [
        "\tserver := os.Getenv(\"API_URL\")", "\tif server == \"\" {", f"\t\tserver = {quoted(sample.server)}", "\t}", *body,
        f"\trequest, err := http.NewRequest({quoted(sample.operation.method)}, {_address(sample)}, {reader})", *_failed(),
        *_headers(sample), "\tresponse, err := http.DefaultClient.Do(request)", *_failed(), "\tdefer response.Body.Close()",
        "\tanswer, err := io.ReadAll(response.Body)", *_failed(), "\tfmt.Println(response.StatusCode, string(answer))",
    ]  # fmt: skip
    imports = "".join(f"\t{quoted(name)}\n" for name in _imports(sample))
    return f"package main\n\nimport (\n{imports})\n\nfunc main() {{\n" + "\n".join(lines) + "\n}"


def _imports(sample: Sample) -> list[str]:
    names = {"fmt", "io", "net/http", "os"}
    if sample.payload:
        names |= {"bytes", "mime/multipart"} if sample.payload.kind == "multipart" else {"strings"}
    if sample.query_keys:
        names.add("net/url")
    if any(isinstance(header.value, Fresh) for header in sample.headers):
        names.add("crypto/rand")
    return sorted(names)


def _failed() -> list[str]:
    return ["\tif err != nil {", "\t\tpanic(err)", "\t}"]


def _address(sample: Sample) -> str:
    made = f"server+{quoted(sample.target)}"
    mark = "&" if "?" in sample.target else "?"
    for name, key in sample.query_keys:
        made += f"+{quoted(f'{mark}{name}=')}+url.QueryEscape(os.Getenv({quoted(key.name)}))"
        mark = "&"
    return made


def _headers(sample: Sample) -> Iterator[str]:
    for header in sample.headers:
        if isinstance(header.value, Fresh):
            yield "\tkey := make([]byte, 16)"
            yield "\trand.Read(key)"
        if isinstance(header.value, Basic):
            yield f"\trequest.SetBasicAuth(os.Getenv({quoted(header.value.user)}), os.Getenv({quoted(header.value.password)}))"
        else:
            yield f"\trequest.Header.Set({quoted(header.name)}, {_value(header)})"
    if sample.payload and sample.payload.kind == "multipart":
        yield '\trequest.Header.Set("Content-Type", form.FormDataContentType())'


def _value(header: Header) -> str:
    match header.value:
        case Environment(name=name):
            return (f"{quoted(header.before)}+" if header.before else "") + f"os.Getenv({quoted(name)})"
        case Fresh():
            return 'fmt.Sprintf("%x", key)'
        case text:
            return quoted(str(text))


def _body(payload: Payload) -> Iterator[str]:
    if payload.kind != "multipart":
        yield f"\tbody := strings.NewReader({quoted(payload.text)})"
        return
    yield "\tvar body bytes.Buffer"
    yield "\tform := multipart.NewWriter(&body)"
    for part in payload.parts:
        if part.file is None:
            yield f"\tform.WriteField({quoted(part.name)}, {quoted(part.value)})"
        else:
            yield "\t{"
            yield f"\t\tpart, _ := form.CreateFormFile({quoted(part.name)}, {quoted(part.file)})"
            yield f"\t\tio.WriteString(part, {quoted(part.value)})"
            yield "\t}"
    yield "\tform.Close()"
