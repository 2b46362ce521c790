// The theme reads the index of its search on every page, the largest file of all. It can wait until somebody searches.
{
  const { open, send } = XMLHttpRequest.prototype;
  Object.assign(XMLHttpRequest.prototype, {
    open(method, address, ...more) {
      this.address = `${address}`;
      open.call(this, method, address, ...more);
    },
    send(body) {
      const toggle = this.address.endsWith("/search_index.json") && document.getElementById("__search");
      const now = () => send.call(this, body);
      if (!toggle || toggle.checked) now();
      else toggle.addEventListener("change", now, { once: true });
    },
  });
}
