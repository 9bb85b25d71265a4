/** The page that asks for the token. It needs no script, and says nothing of the pool. */
export function loginPage(action: string, message?: string): string {
  const note = message === undefined ? '' : `<p role="alert">${message}</p>`;
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Bulwark: jobs</title>
<style>
body { margin: 0; min-height: 100vh; display: grid; place-items: center; background: #151a21; color: #d6dde6; font: 16px/1.5 system-ui, sans-serif; }
form { display: grid; gap: .75rem; width: min(22rem, 90vw); }
h1 { margin: 0; font-size: 1.1rem; font-weight: 600; }
p { margin: 0; color: #f2a65a; }
input, button { font: inherit; padding: .5rem .75rem; border-radius: .375rem; border: 1px solid #3a4552; background: #1d242d; color: inherit; }
button { background: #2f6feb; border-color: #2f6feb; color: #fff; cursor: pointer; }
</style>
</head>
<body>
<form method="post" action="${action}">
<h1>Jobs of this pool</h1>
${note}<label for="token">Token (<code>supervisor.boardToken</code>)</label>
<input id="token" name="token" type="password" autocomplete="current-password" required autofocus>
<button>Sign in</button>
</form>
</body>
</html>
`;
}
