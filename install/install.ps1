#Requires -Version 5.1
<#
.SYNOPSIS
Installs git-credential-patron for the current user: the program and PowerShell's completions.

.DESCRIPTION
Nothing but files below the prefix is written, and each is noted in a list of what was installed, with the folders
that were made for them: so -Uninstall removes exactly that. Git's config is not touched, that is
`git credential-patron setup`'s; nor are PATH and PowerShell's profile: what belongs there is said at the end.

.PARAMETER Prefix
Where to install to; by default %LOCALAPPDATA%\Programs\git-credential-patron.

.PARAMETER Binary
The program to install; by default the one beside this script or its folder, else the one that
`cargo build --release --locked` makes of the sources there.

.PARAMETER Uninstall
Remove what was installed, and the folders made for it.

.PARAMETER DryRun
Say what would be done, and do nothing.
#>
[CmdletBinding()]
param(
    [string] $Prefix,
    [string] $Binary,
    [switch] $Uninstall,
    [switch] $DryRun
)
Set-StrictMode -Version 2
$ErrorActionPreference = 'Stop'

$program = 'git-credential-patron'
$executable = "$program.exe"
# Below the prefix.
$programFile = "bin\$executable"
$completionFile = "completions\$program.ps1"
# The list of what was installed: `file PATH` below the prefix, `folder PATH` in full, outermost first.
$listFile = "$program.installed"

function Exit-Install([string] $Fact, [string] $Remedy) {
    [Console]::Error.WriteLine("install.ps1: $Fact")
    if ($Remedy) { [Console]::Error.WriteLine("  fix: $Remedy") }
    exit 1
}

# Says what is done, or what would be.
function Write-Step([string] $Step) {
    if ($DryRun) { Write-Output "would $Step" } else { Write-Output $Step }
}

if (-not $Prefix) {
    if (-not $env:LOCALAPPDATA) {
        Exit-Install 'LOCALAPPDATA is not set, so there is no place to install to' 'name one: -Prefix DIR'
    }
    $Prefix = Join-Path $env:LOCALAPPDATA "Programs\$program"
}
$Prefix = $ExecutionContext.SessionState.Path.GetUnresolvedProviderPathFromPSPath($Prefix).TrimEnd('\')
# In an archive this script lies beside the program, in a checkout in a folder of its own.
$top = $PSScriptRoot
if (-not (Test-Path -LiteralPath (Join-Path $top $executable) -PathType Leaf)) { $top = Split-Path -Parent $top }
$list = Join-Path $Prefix $listFile

function Get-Known {
    if (Test-Path -LiteralPath $list -PathType Leaf) { return @(Get-Content -LiteralPath $list -Encoding UTF8) }
    return @()
}

# Whether a name in the list may be removed: below the prefix, or for a folder the prefix and those around it.
function Test-Owned([string] $Kind, [string] $Path) {
    if ($Path -match '(^|\\)\.\.(\\|$)') { return $false }
    if ($Kind -eq 'file') { return $Path -like 'bin\*' -or $Path -like 'completions\*' }
    if ($Kind -ne 'folder') { return $false }
    $below = $Path.StartsWith("$Prefix\", [StringComparison]::OrdinalIgnoreCase)
    $around = "$Prefix\".StartsWith("$Path\", [StringComparison]::OrdinalIgnoreCase)
    return $below -or $around
}

# Whether git is set up to ask the program that would go.
function Test-Asked {
    if (-not (Get-Command git -CommandType Application -ErrorAction SilentlyContinue)) { return $false }
    # What git says on stderr must end nothing.
    $ErrorActionPreference = 'Continue'
    $wanted = (Join-Path $Prefix $programFile).Replace('\', '/')
    foreach ($scope in '--global', '--system') {
        $helpers = & git config $scope --includes --get-regexp '^credential\.(.*\.)?helper$' 2>$null
        foreach ($helper in @($helpers)) {
            if ($helper -and $helper.Replace('\', '/').IndexOf($wanted, [StringComparison]::OrdinalIgnoreCase) -ge 0) {
                return $true
            }
        }
    }
    return $false
}

function Invoke-Uninstall {
    $known = @(Get-Known)
    if ($known.Count -eq 0) {
        Exit-Install "nothing was installed below $Prefix by this script" 'name the folder it was installed to: -Prefix DIR'
    }
    if (Test-Asked) {
        Exit-Install "git still asks $(Join-Path $Prefix $programFile)" 'first: git credential-patron unsetup (with --system, if setup was)'
    }
    $entries = foreach ($line in $known) {
        if ($line.StartsWith('#')) { continue }
        $kind, $path = $line -split ' ', 2
        if (-not (Test-Owned $kind $path)) { Exit-Install "$list names what is not ours: $line" }
        [pscustomobject]@{ Kind = $kind; Path = $path }
    }
    foreach ($entry in @($entries | Where-Object { $_.Kind -eq 'file' })) {
        $file = Join-Path $Prefix $entry.Path
        if (Test-Path -LiteralPath $file) {
            Write-Step "remove $file"
            if (-not $DryRun) { Remove-Item -LiteralPath $file -Force }
        }
    }
    Write-Step "remove $list"
    if (-not $DryRun) { Remove-Item -LiteralPath $list -Force }
    $folders = @($entries | Where-Object { $_.Kind -eq 'folder' } | ForEach-Object { $_.Path })
    [array]::Reverse($folders)
    foreach ($folder in $folders) {
        if (-not (Test-Path -LiteralPath $folder -PathType Container)) { continue }
        if ($DryRun) {
            Write-Step "remove folder $folder, if nothing else is in it"
        } elseif (@(Get-ChildItem -LiteralPath $folder -Force).Count -eq 0) {
            # What others have put there meanwhile is theirs.
            Write-Step "remove folder $folder"
            Remove-Item -LiteralPath $folder -Force
        }
    }
    if (-not $DryRun) { Write-Output "$program is uninstalled; accounts and tokens are still there" }
}

# Finds the program, or makes it. Gives nothing where a dry run would build.
function Get-Binary {
    if (-not $Binary) {
        $beside = Join-Path $top $executable
        if (Test-Path -LiteralPath $beside -PathType Leaf) { return $beside }
        if (-not (Test-Path -LiteralPath (Join-Path $top 'Cargo.toml') -PathType Leaf)) {
            Exit-Install "there is no program and no source in $top" 'name the program: -Binary FILE'
        }
        if ($DryRun) { return $null }
        if (-not (Get-Command cargo -CommandType Application -ErrorAction SilentlyContinue)) {
            Exit-Install 'cargo is not found, so the program cannot be built' 'build it where cargo is (cargo build --release --locked), then: -Binary target\release\git-credential-patron.exe'
        }
        Push-Location -LiteralPath $top
        $arguments = 'build', '--release', '--locked', '--message-format=json-render-diagnostics'
        try { $built = & cargo @arguments } finally { Pop-Location }
        if ($LASTEXITCODE -ne 0) { Exit-Install "the program cannot be built in $top" }
        # Cargo alone knows where it was told to put it.
        $artifacts = $built | ForEach-Object { $_ | ConvertFrom-Json } | Where-Object {
            $_.PSObject.Properties['executable'] -and $_.executable
        }
        return @($artifacts)[-1].executable
    }
    $found = $ExecutionContext.SessionState.Path.GetUnresolvedProviderPathFromPSPath($Binary)
    if (-not (Test-Path -LiteralPath $found -PathType Leaf)) { Exit-Install "there is no program $found" }
    return $found
}

# Gives what is missing of a folder and those around it, outermost first.
function Get-Missing([string] $Folder) {
    if (-not $Folder -or (Test-Path -LiteralPath $Folder -PathType Container)) { return }
    if (Test-Path -LiteralPath $Folder) { Exit-Install "$Folder is in the way: it is no folder" }
    Get-Missing (Split-Path -Parent $Folder)
    $Folder
}

function Invoke-Install {
    $source = Get-Binary
    $completions = @()
    $version = $program
    if ($source) {
        $version = & $source --version
        if ($LASTEXITCODE -ne 0 -or -not "$version".StartsWith("$program ")) { Exit-Install "$source is not $program" }
        $completions = & $source completions powershell
        if ($LASTEXITCODE -ne 0) { Exit-Install "$source gives no completions for PowerShell" }
    } else {
        Write-Step "run cargo build --release --locked in $top"
    }

    # Before anything is written: what is in the way, and which folders are missing.
    $known = @(Get-Known)
    $files = @($programFile, $completionFile)
    $missing = @()
    foreach ($file in $files) {
        $place = Join-Path $Prefix $file
        $missing += @(Get-Missing (Split-Path -Parent $place) | Where-Object { $missing -notcontains $_ })
        if ((Test-Path -LiteralPath $place) -and ($known -notcontains "file $file")) {
            Exit-Install "$place is there, and was not installed by this script" 'move it away, or name another folder: -Prefix DIR'
        }
    }
    foreach ($folder in $missing) { Write-Step "make folder $folder" }
    foreach ($file in $files) { Write-Step "install $(Join-Path $Prefix $file)" }
    if ($DryRun) { return }

    foreach ($folder in $missing) { New-Item -ItemType Directory -Path $folder | Out-Null }
    # The list comes first, so that whatever happens then can be undone by -Uninstall.
    $lines = @('# what install.ps1 installed; its -Uninstall reads this')
    $lines += @($known | Where-Object { $_.StartsWith('folder ') })
    $lines += @($missing | ForEach-Object { "folder $_" })
    # A program that runs cannot be written over, but it can be moved aside; then the old one stays for a while.
    $lines += @($files + "$programFile.old" | ForEach-Object { "file $_" })
    Set-Content -LiteralPath $list -Value $lines -Encoding UTF8
    $place = Join-Path $Prefix $programFile
    $old = "$place.old"
    if (Test-Path -LiteralPath $old) { Remove-Item -LiteralPath $old -Force -ErrorAction SilentlyContinue }
    if (Test-Path -LiteralPath $place) { Move-Item -LiteralPath $place -Destination $old -Force }
    Copy-Item -LiteralPath $source -Destination $place
    if (Test-Path -LiteralPath $old) { Remove-Item -LiteralPath $old -Force -ErrorAction SilentlyContinue }
    Set-Content -LiteralPath (Join-Path $Prefix $completionFile) -Value $completions -Encoding UTF8

    Write-Output "$version is installed below $Prefix"
    $bin = Join-Path $Prefix 'bin'
    if (@($env:PATH -split ';' | ForEach-Object { $_.TrimEnd('\') }) -notcontains $bin) {
        Write-Output 'git does not find it yet: add this folder to PATH (Settings, environment variables)'
        Write-Output "  $bin"
    }
    Write-Output 'PowerShell completes after this line in $PROFILE'
    Write-Output "  . '$((Join-Path $Prefix $completionFile).Replace("'", "''"))'"
    Write-Output 'next: git credential-patron setup'
}

if ($Uninstall) { Invoke-Uninstall } else { Invoke-Install }
