const { useMembrane } = require('membrane-mock/jest')

const membrane = useMembrane()

test('asks for what no stub answers', async () => {
  await membrane.workspace.tenant().act({ connectionKey: 'github-dev', api: { method: 'GET', path: '/usr' } })
})
