/** A request whose body may be long: `fetch` does not tell how much of it was sent. */

/**
 * Send a form by POST; `told(sent)` is told from 0 to 1 how much of it the server has. Gives a `Response`. Rejects with an
 * `AbortError` when `signal` is, and with a `TypeError` when the server cannot be reached, as `fetch` does.
 */
export function post(path, form, { headers, signal, told }) {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open("POST", path);
    request.responseType = "text";
    for (const [name, value] of Object.entries(headers)) request.setRequestHeader(name, value);
    request.upload.addEventListener("progress", ({ loaded, total }) => total && told(loaded / total));
    request.upload.addEventListener("load", () => told(1));
    request.addEventListener("load", () => resolve(answered(request)));
    request.addEventListener("error", () => reject(new TypeError("The server cannot be reached.")));
    request.addEventListener("abort", () => reject(new DOMException("Nobody waits for it.", "AbortError")));
    signal.addEventListener("abort", () => request.abort());
    if (signal.aborted) return request.abort();
    request.send(form);
  });
}

function answered(request) {
  const headers = new Headers();
  for (const name of ["Content-Type", "Retry-After"]) {
    const value = request.getResponseHeader(name);
    if (value) headers.set(name, value);
  }
  return new Response(request.responseText, { status: request.status, headers });
}
