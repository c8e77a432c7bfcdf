"""Sends what a Python program says to the platform's public hosts to a local fake server instead.

Python imports this module by itself before the program, since its folder stands in ``PYTHONPATH``; child processes inherit
that. It reads two variables:

    MEMBRANE_MOCK_REDIRECT_TO      the address of the fake, such as ``http://127.0.0.1:6262``
    MEMBRANE_MOCK_REDIRECT_HOSTS   the public hosts, separated by commas

It imports no library. It waits until the program imports one of the libraries named in ``patches`` and then patches that
one, so a program that makes no calls is not slowed. What a client believes to have called (``response.url``, the target of a redirect) stays
the public address. The ``Host`` header becomes the fake's. Nothing else of a request is touched, and no other host is.
"""

import importlib.machinery
import os
import sys


def _redirect(to, hosts):
    """Patches the HTTP libraries, those that are imported by now and those that will be."""
    netloc = to.split("://", 1)[-1].split("/", 1)[0]
    name, _, port = netloc.rpartition(":")
    address = (name.strip("[]"), int(port))
    redirected = {host.strip().lower() for host in hosts.split(",") if host.strip()}

    def text(value):
        return value.decode("latin-1") if isinstance(value, bytes) else value

    def is_redirected(host):
        return isinstance(host, (str, bytes)) and text(host).lower() in redirected

    def names_redirected(value):
        """Whether the value of a ``Host`` header names one of the public hosts."""
        return is_redirected(text(value).split(":", 1)[0])

    def target(connection):
        """The host that a connection of ``http.client`` is for, also where it leads through a proxy's tunnel."""
        return getattr(connection, "_tunnel_host", None) or connection.host

    def plain_connect(cls):
        """Makes a connection class open a plain connection to the fake where it would open one to a public host."""
        import socket

        connect = cls.connect

        def redirecting_connect(self):
            if not is_redirected(target(self)):
                return connect(self)
            self.sock = socket.create_connection(address, self.timeout)
            self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self.is_verified = True  # urllib3 warns of each connection for `https:` that has no certificate.

        cls.connect = redirecting_connect

    def patch_http_client(module):
        """Covers urllib. The `Host` header of requests and urllib3 is written here as well."""
        putheader = module.HTTPConnection.putheader

        def redirecting_putheader(self, header, *values):
            if is_redirected(target(self)) and text(header).lower() == "host" and values and names_redirected(values[0]):
                values = (netloc,)
            return putheader(self, header, *values)

        module.HTTPConnection.putheader = redirecting_putheader
        patch_connections(module)

    def patch_connections(module):
        """Covers urllib3, and by it requests: its classes have their own way to connect."""
        plain_connect(module.HTTPConnection)
        # Without OpenSSL, http.client has no such class, and urllib3's is no class of connections.
        if hasattr(getattr(module, "HTTPSConnection", None), "connect"):
            plain_connect(module.HTTPSConnection)

    def patch_httpcore(module):
        """Covers httpx, which sends each request by a pool of httpcore."""
        if not hasattr(module, "ConnectionPool"):
            return  # Versions before 0.14 have other classes; a program with one of them must not break here.

        def redirect(request):
            if is_redirected(request.url.host):
                request.url = module.URL(scheme=b"http", host=address[0], port=address[1], target=request.url.target)
                request.headers = [
                    (key, netloc.encode() if key.lower() == b"host" and names_redirected(value) else value)
                    for key, value in request.headers
                ]
            return request

        handle = module.ConnectionPool.handle_request
        handle_async = module.AsyncConnectionPool.handle_async_request

        def redirecting_handle(self, request):
            return handle(self, redirect(request))

        async def redirecting_handle_async(self, request):
            return await handle_async(self, redirect(request))

        module.ConnectionPool.handle_request = redirecting_handle
        module.AsyncConnectionPool.handle_async_request = redirecting_handle_async

    def patch_aiohttp(module):
        """Covers aiohttp, which makes one of these objects for each request, also for those that follow a redirect."""
        init = module.ClientRequest.__init__

        def redirecting_init(self, method, url, *args, **kwargs):
            if not is_redirected(url.host):
                return init(self, method, url, *args, **kwargs)
            fake = url.with_scheme("http").with_host(address[0]).with_port(address[1])
            init(self, method, fake, *args, **kwargs)
            self.original_url = url  # This is what the answer says it comes from.
            if names_redirected(self.headers.get("Host", "")):
                self.headers["Host"] = netloc

        module.ClientRequest.__init__ = redirecting_init

    patches = {
        "http.client": patch_http_client,
        "urllib3.connection": patch_connections,
        "httpcore": patch_httpcore,
        "aiohttp.client_reqrep": patch_aiohttp,
    }

    class Finder:
        """Finds the modules of ``patches`` where they are, and patches each as soon as its code has run."""

        @staticmethod
        def find_spec(name, path=None, target=None):
            if name not in patches:
                return None
            # Only those behind it: an outer redirection has a finder of its own, which would ask this one in turn.
            behind = sys.meta_path[sys.meta_path.index(Finder) + 1 :]
            others = (finder for finder in behind if hasattr(finder, "find_spec"))
            spec = next(filter(None, (finder.find_spec(name, path, target) for finder in others)), None)
            if spec is not None and spec.loader is not None:
                run = spec.loader.exec_module

                def run_and_patch(module):
                    run(module)
                    # A loader may be shared by several modules, as that of a zip archive is.
                    if module.__name__ == name:
                        patches[name](module)

                spec.loader.exec_module = run_and_patch
            return spec

    sys.meta_path.insert(0, Finder)
    for name, patch in patches.items():
        if name in sys.modules:
            patch(sys.modules[name])


def _run_hidden():
    """Runs the environment's own ``sitecustomize``, which this module hides by its place in the search path."""
    here = os.path.dirname(os.path.abspath(__file__))
    paths = [os.path.abspath(entry) for entry in sys.path]
    # Only those behind this folder: the file of an outer redirection would run this one in turn.
    others = paths[paths.index(here) + 1 :] if here in paths else paths
    spec = importlib.machinery.PathFinder.find_spec("sitecustomize", others)
    if spec is not None and spec.loader is not None:
        from importlib.util import module_from_spec  # This loads more than all else here, and is seldom needed.

        module = module_from_spec(spec)
        sys.modules["sitecustomize"] = module
        spec.loader.exec_module(module)


try:
    if os.environ.get("MEMBRANE_MOCK_REDIRECT_TO"):
        _redirect(os.environ["MEMBRANE_MOCK_REDIRECT_TO"], os.environ.get("MEMBRANE_MOCK_REDIRECT_HOSTS", ""))
finally:
    _run_hidden()
