"""A request as a program of Java 17, by `java.net.http`; `java Sample.java` runs it."""

from __future__ import annotations

from tillspec.docs.samples.quoting import java as quoted
from tillspec.docs.samples.quoting import java_block
from tillspec.docs.samples.request import Basic, Environment, Fresh, Header, Payload, Sample

_BOUNDARY = "tillspec-sample"


def java(sample: Sample) -> str:
    """The request for `java.net.http`."""
    imports = ["java.net.URI", "java.net.http.HttpClient", "java.net.http.HttpRequest", "java.net.http.HttpResponse"]
    if any(isinstance(header.value, Basic) for header in sample.headers):
        imports.append("java.util.Base64")
    if any(isinstance(header.value, Fresh) for header in sample.headers):
        imports.append("java.util.UUID")
    if sample.query_keys:
        imports += ["java.net.URLEncoder", "java.nio.charset.StandardCharsets"]
    headers = [f"                .header({quoted(header.name)}, {_value(header)})" for header in sample.headers]
    if sample.payload and sample.payload.kind == "multipart":
        headers.append(f'                .header("Content-Type", "multipart/form-data; boundary={_BOUNDARY}")')
    lines = [
        *(f"import {name};" for name in sorted(imports)), "", "public class Sample {",
        "    public static void main(String[] arguments) throws Exception {",
        f'        var server = System.getenv().getOrDefault("API_URL", {quoted(sample.server)});',
        f"        var request = HttpRequest.newBuilder(URI.create({_address(sample)}))", *headers,
        "                .version(HttpClient.Version.HTTP_1_1)",
        f"                .method({quoted(sample.operation.method)}, {_body(sample.payload)})", "                .build();",
        "        var response = HttpClient.newHttpClient().send(request, HttpResponse.BodyHandlers.ofString());",
        '        System.out.println(response.statusCode() + " " + response.body());', "    }", "}",
    ]  # fmt: skip
    return "\n".join(lines)


def _address(sample: Sample) -> str:
    made = f"server + {quoted(sample.target)}"
    mark = "&" if "?" in sample.target else "?"
    for name, key in sample.query_keys:
        value = f"URLEncoder.encode(System.getenv({quoted(key.name)}), StandardCharsets.UTF_8)"
        made += f" + {quoted(f'{mark}{name}=')} + {value}"
        mark = "&"
    return made


def _value(header: Header) -> str:
    match header.value:
        case Environment(name=name):
            return (f"{quoted(header.before)} + " if header.before else "") + f"System.getenv({quoted(name)})"
        case Basic(user=user, password=password):
            pair = f'(System.getenv({quoted(user)}) + ":" + System.getenv({quoted(password)}))'
            return f'"Basic " + Base64.getEncoder().encodeToString({pair}.getBytes())'
        case Fresh():
            return "UUID.randomUUID().toString()"
        case text:
            return quoted(text)


def _body(payload: Payload | None) -> str:
    if payload is None:
        return "HttpRequest.BodyPublishers.noBody()"
    text = _multipart(payload) if payload.kind == "multipart" else payload.text
    literal = java_block(text, " " * 24)
    return f"HttpRequest.BodyPublishers.ofString({literal})"


def _multipart(payload: Payload) -> str:
    """The body as RFC 7578 has it; names are escaped as browsers do (HTML, section 4.10.21.8)."""
    parts = []
    for part in payload.parts:
        file = f'; filename="{part.file}"' if part.file is not None else ""
        name = part.name.replace('"', "%22").replace("\r", "%0D").replace("\n", "%0A")
        parts.append(f'--{_BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"{file}\r\n\r\n{part.value}\r\n')
    return "".join(parts) + f"--{_BOUNDARY}--\r\n"
