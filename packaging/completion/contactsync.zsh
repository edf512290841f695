#compdef contactsync

_contactsync_completion() {
  eval $(env _TYPER_COMPLETE_ARGS="${words[1,$CURRENT]}" _CONTACTSYNC_COMPLETE=complete_zsh contactsync)
}

compdef _contactsync_completion contactsync

