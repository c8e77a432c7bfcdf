export function Page({ user, onSignOut, children }) {
  return (
    <>
      <header className="bar">
        <span className="brand"><span className="mark" aria-hidden="true" />Repo board</span>
        {user && (
          <span className="user">
            <span className="avatar" aria-hidden="true">{user.name.charAt(0)}</span>
            <span className="name">{user.name}</span>
            <button type="button" className="quiet" onClick={onSignOut}>Sign out</button>
          </span>
        )}
      </header>
      <main>{children}</main>
    </>
  )
}

/** A card that fills the page where there is no list to show. */
export function Notice({ title, text, warning, logo, children }) {
  return (
    <section className="notice">
      {logo && <img className="logo" src={logo} alt="" width="56" height="56" />}
      {warning && <span className="state lost">{warning}</span>}
      <h1>{title}</h1>
      <p>{text}</p>
      {children}
    </section>
  )
}

export function Skeleton() {
  return (
    <div className="list" role="status" aria-label="Loading">
      {[1, 2, 3].map((row) => <div key={row} className="card ghost" />)}
    </div>
  )
}
