// The application's own web server: another origin, and by its host name another site, than the mock.

import { createServer } from 'node:http';
import { once } from 'node:events';
import { applicationFiles } from './bundle.mjs';

export async function serveApplication() {
  const files = await applicationFiles();
  const server = createServer((request, response) => {
    const file = files[new URL(request.url, 'http://localhost').pathname.slice(1)];
    response.writeHead(file ? 200 : 404, { 'content-type': file?.type ?? 'text/plain' }).end(file?.body ?? 'not found');
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    origin: `http://localhost:${server.address().port}`,
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}

const SAME_ORIGIN_FOLDER = '/__app/';

/** Puts the application under the mock's own origin, for this context only. */
export async function plantApplication(context, origin) {
  const files = await applicationFiles();
  await context.route(`${origin}${SAME_ORIGIN_FOLDER}**`, (route) => {
    const file = files[new URL(route.request().url()).pathname.slice(SAME_ORIGIN_FOLDER.length)];
    return file ? route.fulfill({ contentType: file.type, body: file.body }) : route.fulfill({ status: 404, body: '' });
  });
  return `${origin}${SAME_ORIGIN_FOLDER.slice(0, -1)}`;
}
