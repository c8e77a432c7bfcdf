/** What the backend is told of Membrane: the address and one workspace's credentials. */
export function membraneSettings(env = process.env) {
  const { MEMBRANE_WORKSPACE_KEY: workspaceKey, MEMBRANE_WORKSPACE_SECRET: workspaceSecret } = env
  if (!workspaceKey || !workspaceSecret) throw new Error('set MEMBRANE_WORKSPACE_KEY and MEMBRANE_WORKSPACE_SECRET')
  return { apiUri: env.MEMBRANE_API_URI ?? 'https://api.getmembrane.com', workspaceKey, workspaceSecret }
}
