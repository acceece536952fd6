"""Images and an SNR in; complex symbols of mean power 1 out, and images again: deep joint source-channel coding."""
