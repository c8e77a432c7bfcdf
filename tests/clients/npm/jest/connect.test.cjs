const { useMembrane } = require('membrane-mock/jest')

const membrane = useMembrane()

describe('a product', () => {
  test('has a workspace that is named after its test', async () => {
    const { label } = await membrane.workspace.update({})
    expect(label).toBe('a product has a workspace that is named after its test')
  })

  test('connects', async () => {
    const github = await membrane.workspace.tenant('ada').connect('github')
    expect(await github.state()).toBe('READY')
  })
})
