import { programName } from '../program-name.ts';

/** Shells for which there is a script. */
export const shells = ['bash', 'zsh', 'fish', 'powershell'] as const;

/** One of the shells. */
export type Shell = (typeof shells)[number];

const names = ['cloudstack-mcp-server', 'cloudstack-mcp'];

/** A name that is a function's in every shell. */
const functionName = '_cloudstack_mcp_complete';

/**
 * What a shell runs at its start, for each. All ask this program, which knows the words before the cursor, and print nothing of
 * errors. Where nothing is proposed, the shell completes file names.
 */
export const completionScripts: Readonly<Record<Shell, string>> = {
  // The line goes as it is typed: bash has parted its words at every "=" and ":".
  bash: `${functionName}() {
  local IFS=$'\\n'
  COMPREPLY=($("$1" completion bash -- "\${COMP_LINE:0:COMP_POINT}" 2>/dev/null))
  [[ \${#COMPREPLY[@]} -eq 1 && \${COMPREPLY[0]} == *[=,] && \${COMPREPLY[0]} != *=*= ]] && compopt -o nospace
  return 0
}
complete -o default -o nosort -F ${functionName} ${names.join(' ')} 2>/dev/null ||
  complete -o default -F ${functionName} ${names.join(' ')}`,
  zsh: `#compdef ${names.join(' ')}
${functionName}() {
  local value about
  local -a values shown open
  while IFS=$'\\t' read -r value about; do
    # A parameter's name goes on after its sign; a value that ends with one is whole.
    if [[ $value == *[=,] && $value != *=*= ]]; then
      open+=("$value")
    else
      values+=("$value")
      shown+=("$value\${about:+  -- $about}")
    fi
  done < <("\${(Q)words[1]}" completion zsh -- "\${(@Q)words[2,CURRENT-1]}" "\${(Q)PREFIX}" 2>/dev/null)
  (( \${#values} + \${#open} )) || { _files; return }
  (( \${#values} )) && compadd -l -d shown -a values
  (( \${#open} )) && compadd -S '' -a open
}
(( $+functions[compdef] )) || { autoload -Uz compinit && compinit }
compdef ${functionName} ${names.join(' ')}`,
  fish: `function ${functionName}
  set -l words (commandline -opc)
  set -l typed (commandline -ct)
  # A quote that is still open ends here.
  for close in '' '"' "'"
    set -l plain (string unescape -- "$typed$close" 2>/dev/null); or continue
    set typed "$plain"
    break
  end
  set -l found ($words[1] completion fish -- $words[2..-1] "$typed" 2>/dev/null)
  if test (count $found) -gt 0
    printf '%s\\n' $found
  else
    __fish_complete_path (commandline -ct)
  end
end
${names.map((name) => `complete -c ${name} -f -a '(${functionName})'`).join('\n')}`,
  powershell: `Register-ArgumentCompleter -Native -CommandName ${names.join(', ')} -ScriptBlock {
  param($current, $line, $cursor)
  $words = @($line.CommandElements | Where-Object { $_.Extent.EndOffset -lt $cursor } | ForEach-Object {
    if ($_ -is [System.Management.Automation.Language.StringConstantExpressionAst]) { $_.Value } else { $_.Extent.Text }
  })
  $typed = if ($current) { $current.Trim("'", '"') } else { '""' }
  $before = @($words | Select-Object -Skip 1)
  & $words[0] completion powershell -- @before $typed 2>$null | ForEach-Object {
    $value, $about = $_ -split "\`t", 2
    $quoted = if ($value -match '^[\\w./:=+-]+$') { $value } else { "'" + ($value -replace "['\\u2018\\u2019\\u201A\\u201B]", '$0$0') + "'" }
    [System.Management.Automation.CompletionResult]::new($quoted, $value, 'ParameterValue', $(if ($about) { $about } else { $value }))
  }
}`,
};

/** How a shell is told to run its script, for a person to copy. */
export const howToInstall: Readonly<Record<Shell, string>> = {
  bash: `add to ~/.bashrc: source <(${programName} completion bash)`,
  zsh: `add to ~/.zshrc: source <(${programName} completion zsh)`,
  fish: `${programName} completion fish > ~/.config/fish/completions/${programName}.fish`,
  powershell: `add to $PROFILE: ${programName} completion powershell | Out-String | Invoke-Expression`,
};
