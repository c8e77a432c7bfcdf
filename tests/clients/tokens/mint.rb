# frozen_string_literal: true

# Mints the Ruby fixtures of tokens.json, as the recipe for Ruby does, and prints them as a JSON list.
# The one difference: `exp` is a fixed day in 2099, or absent.

require 'json'
require 'jwt'

WORKSPACE_KEY = 'token-fixtures'
SECRET = 'not-a-real-secret/only-for-token-fixtures/0123456789/abcdefghijklmnopqrstuvwxyz'
YEAR_2099 = 4_070_908_800

def mint(algorithm, payload)
  {
    language: 'ruby',
    library: 'ruby-jwt',
    version: JWT.gem_version.to_s,
    algorithm: algorithm,
    claims: payload,
    workspaceKey: WORKSPACE_KEY,
    secret: SECRET,
    token: JWT.encode(payload, SECRET, algorithm)
  }
end

puts JSON.generate(
  [
    mint('HS256', {
           workspaceKey: WORKSPACE_KEY,
           tenantKey: 'tenant-of-ruby',
           name: 'Zoë & <Ruby> / Söhne',
           exp: YEAR_2099
         }),
    mint('HS512', {
           iss: WORKSPACE_KEY,
           id: 'legacy-tenant-of-ruby',
           name: 'Legacy Ruby',
           fields: { plan: 'pro', seats: 3 }
         }),
    mint('HS256', {
           workspaceKey: WORKSPACE_KEY,
           isAdmin: true,
           exp: YEAR_2099
         })
  ]
)
