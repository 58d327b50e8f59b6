package io.github.asyncmiddleware.wire;

import java.util.ArrayList;
import java.util.List;

/**
 * Calls of every kind to the endpoints of {@link WireEndpoints}.
 */
final class Calls {

	private static final String FORM = "application/x-www-form-urlencoded";

	private static final String[] WEB_SOCKET = { "Connection: Upgrade", "Upgrade: websocket",
			"Sec-WebSocket-Version: 13", "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==" };

	private static final String MULTIPART = """
			--XX\r
			Content-Disposition: form-data; name="name"\r
			\r
			ann\r
			--XX\r
			Content-Disposition: form-data; name="file"; filename="a.txt"\r
			Content-Type: text/plain\r
			\r
			file of ann\r
			--XX--\r
			""";

	private Calls() {
	}

	static List<Call> all() {
		List<Call> calls = new ArrayList<>();
		for (String path : List.of("text", "empty", "mono-empty", "json", "json-flux", "ndjson", "sse", "sse-text",
				"bytes", "buffer", "buffers", "slow", "large", "large-flux", "with-length", "cookies", "headers",
				"no-content", "reset-content", "not-modified", "redirect", "created", "accepted", "session", "problem",
				"throws", "fails", "teapot", "advised", "missing", "entity-mono", "entity-flux", "future", "completed",
				"status-only", "cut", "cut-length", "routed", "routed-fails", "error-404", "forwarded", "late-fails",
				"/text", "text/", "text;x=1", "%74ext", "text?q=1")) {
			calls.add(Call.get("/" + path));
		}
		for (String path : List.of("text", "json", "empty", "large", "large-flux", "sse", "missing", "fails",
				"no-content", "etag", "files/file.txt", "cut")) {
			calls.add(Call.of("HEAD", "/" + path));
		}
		validators(calls);
		files(calls);
		bodies(calls);
		refusals(calls);
		webSockets(calls);
		return calls;
	}

	private static void validators(List<Call> calls) {
		calls.add(Call.get("/etag"));
		calls.add(Call.get("/etag", "If-None-Match: \"one\""));
		calls.add(Call.get("/etag", "If-None-Match: \"two\""));
		calls.add(Call.get("/checked", "If-None-Match: \"one\""));
		calls.add(Call.get("/last-modified", "If-Modified-Since: Thu, 01 Jan 2026 00:00:00 GMT"));
		calls.add(Call.get("/json", "Accept-Encoding: gzip"));
		calls.add(Call.get("/large", "Accept-Encoding: gzip"));
		calls.add(Call.get("/large-flux", "Accept-Encoding: gzip"));
		calls.add(Call.get("/sse", "Accept-Encoding: gzip"));
		calls.add(Call.get("/text", "Origin: https://example.org"));
		calls.add(Call.get("/forwarded", "X-Forwarded-Host: example.org", "X-Forwarded-Proto: https"));
	}

	private static void files(List<Call> calls) {
		calls.add(Call.get("/files/file.txt"));
		calls.add(Call.get("/files/file.txt", "Range: bytes=2-5"));
		calls.add(Call.get("/files/file.txt", "Range: bytes=-3"));
		calls.add(Call.get("/files/file.txt", "Range: bytes=0-1,4-5"));
		calls.add(Call.get("/files/file.txt", "Range: bytes=900000-"));
		calls.add(Call.get("/files/file.txt", "Accept-Encoding: gzip"));
		calls.add(Call.get("/files/none.txt"));
		calls.add(Call.get("/resource"));
		calls.add(Call.get("/resource", "Range: bytes=10-20"));
	}

	private static void bodies(List<Call> calls) {
		calls.add(Call.post("/echo", "text/plain", "hello"));
		calls.add(Call.post("/echo", "text/plain", "x".repeat(200_000)));
		calls.add(Call.post("/echo-stream", "application/octet-stream", "y".repeat(200_000)));
		calls.add(Call.of("POST", "/echo", "Content-Type: text/plain", "Transfer-Encoding: chunked")
			.then("", "3\r\nabc\r\n", "", "4\r\ndefg\r\n0\r\n\r\n"));
		calls.add(Call.post("/echo-json", "application/json", "{\"name\":\"ann\",\"age\":7}"));
		calls.add(Call.post("/echo-json", "application/json", "{\"name\":"));
		calls.add(Call.post("/form", FORM, "a=1&b=2"));
		calls.add(Call.post("/upload", "multipart/form-data; boundary=XX", MULTIPART));
		calls.add(Call.post("/unread", "text/plain", "nobody reads this"));
		calls.add(Call.post("/echo", "text/plain", "hello", "Expect: 100-continue").then("\r\n\r\n", "hello"));
		calls.add(Call.post("/unread", "text/plain", "hello", "Expect: 100-continue").then(""));
		for (String method : List.of("PUT", "PATCH", "DELETE", "OPTIONS", "TRACE")) {
			calls.add(Call.of(method, "/any"));
		}
	}

	private static void refusals(List<Call> calls) {
		calls.add(Call.post("/text", "text/plain", "no"));
		calls.add(Call.get("/json", "Accept: image/png"));
		calls.add(Call.post("/echo-json", "text/csv", "no"));
		calls.add(Call.get("/number?n=one"));
		calls.add(Call.get("/number"));
		calls.add(Call.get("/throws", "Accept: text/html"));
		calls.add(Call.get("/fails", "Accept: application/json"));
		calls.add(Call.get("/text%zz"));
		calls.add(Call.get("/text", "X-Large: " + "z".repeat(20_000)));
		calls.add(Call.of("OPTIONS", "/cross", "Origin: https://example.org", "Access-Control-Request-Method: GET"));
		calls.add(Call.of("OPTIONS", "/cross", "Origin: https://evil.org", "Access-Control-Request-Method: GET"));
		calls.add(Call.get("/cross", "Origin: https://example.org"));
		calls.add(Call.get("/cross", "Origin: https://evil.org"));
	}

	private static void webSockets(List<Call> calls) {
		calls.add(Call.get("/socket", WEB_SOCKET)
			.then("\r\n\r\n", "\u0081\u0082\0\0\0\0hi", "\u0081\u0002hi", "\u0088\u0082\0\0\0\0\u0003\u00e8"));
		calls.add(Call.get("/socket/closes", WEB_SOCKET));
		calls.add(Call.get("/socket", "Connection: Upgrade, close", "Upgrade: websocket"));
		calls.add(Call.get("/text", "Connection: Upgrade, close", "Upgrade: websocket"));
		calls.add(Call.get("/missing", "Connection: Upgrade, close", "Upgrade: other/1.0"));
	}

}
